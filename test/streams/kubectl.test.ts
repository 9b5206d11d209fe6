import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import http, { type IncomingMessage } from "node:http";
import net, { type AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { text } from "node:stream/consumers";
import { proxyStream } from "../../src/streams/proxy-stream.ts";
import { listen, startShellKubelet } from "./shell-kubelet.ts";
import { currentKubectl } from "../fixtures/kubectl.ts";

/** Stock kubectl -> our side of the API server -> a kubelet: exec with exit codes, stdin, port-forward. */

const kubectl = currentKubectl();

const pod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "p", namespace: "default", uid: "1" },
  spec: { containers: [{ name: "c", image: "i" }] },
  status: { phase: "Running" },
};
const podsResource = { name: "pods", singularName: "pod", namespaced: true, kind: "Pod", verbs: ["get", "list"] };
const answers: Record<string, unknown> = {
  "/api": { kind: "APIVersions", versions: ["v1"] },
  "/apis": { kind: "APIGroupList", apiVersion: "v1", groups: [] },
  "/api/v1": { kind: "APIResourceList", groupVersion: "v1", resources: [podsResource] },
  "/api/v1/namespaces/default/pods/p": pod,
};

let api: { port: number; close: () => void };
let kubelet: { port: number; close: () => void };

before(async () => {
  kubelet = await startShellKubelet();
  const server = http.createServer((req, res) => {
    const answer = answers[(req.url ?? "").split("?")[0] ?? ""];
    res.writeHead(answer ? 200 : 404, { "content-type": "application/json" }).end(JSON.stringify(answer ?? {}));
  });
  server.on("upgrade", (req: IncomingMessage, socket, head) => {
    const url = new URL(req.url ?? "/", "http://api");
    const verb = url.pathname.endsWith("/portforward") ? "portForward" : "exec";
    const path = `/${verb}/default/p/c${url.search}`;
    void proxyStream(req, socket, head, { host: "127.0.0.1", port: kubelet.port, path });
  });
  api = await listen(server);
});
after(() => {
  api.close();
  kubelet.close();
});

function run(args: string[], env: NodeJS.ProcessEnv): ChildProcess {
  const server = `--server=http://127.0.0.1:${api.port}`;
  return spawn(kubectl, [server, "--cache-dir=/tmp/vmpod-test-kubectl-cache", ...args], {
    env: { ...process.env, KUBECONFIG: "/dev/null", ...env },
  });
}

async function finish(child: ChildProcess, input = ""): Promise<{ code: number; stdout: string; stderr: string }> {
  assert.ok(child.stdin && child.stdout && child.stderr);
  child.stdin.end(input);
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { code: code as number, stdout, stderr };
}

const transports: [name: string, env: NodeJS.ProcessEnv][] = [
  ["websocket (v5.channel.k8s.io)", {}],
  ["SPDY/3.1", { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: "false", KUBECTL_PORT_FORWARD_WEBSOCKETS: "false" }],
];

for (const [name, env] of transports) {
  describe(`kubectl over ${name}`, () => {
    test("exec gives output, error output and exit code", async () => {
      const result = await finish(run(["exec", "p", "--", "sh", "-c", "echo out; echo err >&2; exit 7"], env));
      assert.equal(result.stdout, "out\n");
      assert.match(result.stderr, /^err\n/);
      assert.match(result.stderr, /exit code 7/);
      assert.equal(result.code, 7);
    });

    test("exec -i passes standard input and its end", async () => {
      const input = "0123456789".repeat(100_000);
      const result = await finish(run(["exec", "-i", "p", "--", "cat"], env), input);
      assert.equal(result.code, 0, result.stderr);
      assert.ok(result.stdout === input, `${result.stdout.length} of ${input.length} bytes came back`);
    });

    test("exec of a program that does not read its input ends when the program ends", async () => {
      const child = run(["exec", "-i", "p", "--", "true"], env);
      const [code] = (await once(child, "close")) as [number];
      assert.equal(code, 0);
    });

    test("port-forward carries several connections", async () => {
      const echo = net.createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket)).listen(0, "127.0.0.1");
      await once(echo, "listening");
      const child = run(["port-forward", "p", `:${(echo.address() as AddressInfo).port}`], env);
      try {
        assert.ok(child.stdout);
        const [line] = (await once(child.stdout, "data", { signal: AbortSignal.timeout(60_000) })) as [Buffer];
        const port = Number(/127\.0\.0\.1:(\d+)/.exec(String(line))?.[1]);
        const replies = await Promise.all([1, 2, 3].map((number) => ask(port, `hello ${number}`)));
        assert.deepEqual(replies, ["hello 1", "hello 2", "hello 3"]);
      } finally {
        child.kill();
        echo.close();
      }
    });
  });
}

async function ask(port: number, question: string): Promise<string> {
  const socket = net.connect(port, "127.0.0.1");
  socket.end(question);
  return text(socket);
}
