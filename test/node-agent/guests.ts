/** Guests of a test instance, as they are seen from outside vmpod: in /proc and over the node agent's own API. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Agent, request } from "node:https";
import { buffer } from "node:stream/consumers";
import type { IncomingMessage } from "node:http";
import type { WebSocket } from "ws";
import { loadKubeconfig } from "../../src/client/kubeconfig.ts";
import { tlsOptionsOf } from "../../src/client/config.ts";
import { dialWebSocket } from "../../src/streams/dial-web-socket.ts";
import { toBuffer } from "../../src/streams/splice-web-socket.ts";
import { patience, type TestInstance } from "../embedded/instance.ts";

/** Of cloud-init: a web server that says `served`, runs what it is asked to (`/cgi-bin/sh?COMMAND`), and tells what the metadata service says (`/cgi-bin/me`). */
export const commandServer = `write_files:
  - path: /www/index.html
    content: "served\\n"
  - path: /www/cgi-bin/sh
    permissions: "0755"
    content: |
      #!/bin/sh
      printf 'Content-Type: text/plain\\n\\n'
      httpd -d "$QUERY_STRING" | sh 2>&1
  - path: /www/cgi-bin/me
    permissions: "0755"
    content: |
      #!/bin/sh
      ask() { printf '%s HTTP/1.0\\r\\n%s\\r\\n\\r\\n' "$1" "$2" | nc -w 10 169.254.169.254 80 | sed '1,/^.$/d'; }
      token=$(ask "PUT /latest/api/token" "X-aws-ec2-metadata-token-ttl-seconds: 60")
      echo
      ask "GET /latest/meta-data/instance-id" "X-aws-ec2-metadata-token: $token"
      echo
      ask "GET /latest/user-data" "X-aws-ec2-metadata-token: $token"
runcmd:
  - httpd -p 8080 -h /www
`;

export interface VmiOptions {
  name: string;
  image?: string;
  spec?: object;
  /** Beside its memory and its devices. */
  domain?: object;
  annotations?: Record<string, string>;
  /** Of the interface on the pod's network; masquerade if nothing is said. */
  binding?: object;
  /** More interfaces, with the network of each. */
  networks?: { interface: object; network: object }[];
  userData?: string;
  /** Name of a Secret with the user data. */
  secret?: string;
  /** More of them. */
  devices?: object;
  /** More disks, with the volume of each. */
  extra?: { disk: object; volume: object }[];
}

export function vmi({
  name,
  image = "localhost/vmpod/guest:latest",
  spec = {},
  domain = {},
  annotations = {},
  binding = { masquerade: {} },
  networks = [],
  userData,
  secret,
  devices = {},
  extra = [],
}: VmiOptions): string {
  const cloudInit = {
    name: "cloudinit",
    cloudInitNoCloud: secret
      ? { secretRef: { name: secret } }
      : { userData: userData ?? `#cloud-config\nhostname: ${name}\n` },
  };
  return JSON.stringify({
    apiVersion: "kubevirt.io/v1",
    kind: "VirtualMachineInstance",
    metadata: { name, labels: { test: "node-agent" }, annotations },
    spec: {
      terminationGracePeriodSeconds: 10,
      domain: {
        memory: { guest: "96Mi" },
        devices: {
          disks: [
            { name: "root", disk: { bus: "virtio" } },
            { name: "cloudinit", disk: { bus: "virtio" } },
            ...extra.map(({ disk }) => disk),
          ],
          interfaces: [{ name: "default", ...binding }, ...networks.map((each) => each.interface)],
          ...devices,
        },
        resources: { requests: { cpu: "10m" } },
        ...domain,
      },
      networks: [{ name: "default", pod: {} }, ...networks.map((each) => each.network)],
      volumes: [
        { name: "root", containerDisk: { image, imagePullPolicy: "IfNotPresent" } },
        cloudInit,
        ...extra.map(({ volume }) => volume),
      ],
      ...spec,
    },
  });
}

/** Pids of the QEMUs of this instance, by the name of their VMI. */
export function qemus(instance: TestInstance): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const [program = "", ...argv] = read(`/proc/${pid}/cmdline`).split("\0");
    if (!program.includes("qemu-system") || !read(`/proc/${pid}/cgroup`).includes(`/${instance.name}/`)) continue;
    const name = argv.map((argument) => /^guest=default_([^,]+)/.exec(argument)?.[1]).find(Boolean) ?? "?";
    found.set(name, [...(found.get(name) ?? []), Number(pid)]);
  }
  return found;
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return "";
    throw error;
  }
}

export function dhcpAnswerers(instance: TestInstance): number {
  return readdirSync("/proc").filter(
    (pid) =>
      /^\d+$/.test(pid) &&
      read(`/proc/${pid}/cmdline`).includes(join(instance.dataDir, "kubelet")) &&
      read(`/proc/${pid}/cmdline`).startsWith("dnsmasq"),
  ).length;
}

/** False while its supervisor has not started a new one. */
export function killAgent(instance: TestInstance): boolean {
  const { pid } = JSON.parse(readFileSync(join(instance.runDir, "pid", "agent"), "utf8")) as { pid: number };
  try {
    return process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    return false;
  }
}

const callMs = 60_000;

/** The node's API, as the administrator may use it directly. */
export async function nodeApi(instance: TestInstance) {
  const port = instance.vmPort;
  const tls = tlsOptionsOf(await loadKubeconfig(instance.kubeconfig));
  const agent = new Agent({ ...tls, keepAlive: false });
  const path = (name: string, verb: string): string => `/v1/namespaces/default/virtualmachineinstances/${name}/${verb}`;
  return {
    async call(method: string, name: string, verb: string, body?: object): Promise<{ code: number; body: Buffer }> {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        const payload = body && JSON.stringify(body);
        const headers = payload ? { "content-length": Buffer.byteLength(payload) } : {};
        const signal = AbortSignal.timeout(callMs * patience);
        request({ agent, host: "127.0.0.1", port, method, path: path(name, verb), headers, signal }, resolve)
          .on("error", reject)
          .end(payload);
      });
      return { code: response.statusCode ?? 0, body: await buffer(response) };
    },
    open(name: string, verb: string): Promise<WebSocket> {
      const server = `https://127.0.0.1:${port}`;
      return dialWebSocket({ server, tls }, path(name, verb), ["plain.kubevirt.io"]);
    },
  };
}

/** Collects what comes until it matches. */
export function expectText(ws: WebSocket, pattern: RegExp, timeoutMs: number): Promise<string> {
  let seen = "";
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`no ${pattern} within ${timeoutMs * patience} ms: ${JSON.stringify(seen)}`)),
      timeoutMs * patience,
    );
    ws.on("message", (data) => {
      seen += toBuffer(data).toString("latin1");
      if (!pattern.test(seen)) return;
      clearTimeout(timer);
      resolve(seen);
    });
    ws.resume();
  });
}

/** Presses Enter until the guest asks who is there: what comes while it starts its getty anew is lost. */
export async function expectPrompt(console: WebSocket, timeoutMs: number): Promise<void> {
  const press = () => console.send(Buffer.from("\r"));
  press();
  const pressing = setInterval(press, 1_000);
  try {
    await expectText(console, /login:/, timeoutMs);
  } finally {
    clearInterval(pressing);
  }
}
