import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import net from "node:net";
import { after, before, describe, test } from "node:test";

import { exec } from "../../src/base/exec.ts";
import { fetchText } from "../embedded/fetch-text.ts";
import { eventually } from "../embedded/instance.ts";
import { converse } from "./conversation.ts";
import {
  apply,
  bringUp,
  killProcess,
  finish,
  kubectl,
  kubectlEnvironment,
  kubectlOutput,
  kubectlProgram,
  scratch,
  startKubectl,
  startVmpod,
  takeDown,
  vmpod,
} from "./instance.ts";
import { cloudConfig, machine, secret, toolbox } from "./machines.ts";

/** The command line against a real instance with a real guest and a real container. */

const escape = "\x1d";

/** Nothing fails while the guest boots: that takes as long as the machine is busy. */
const probes = {
  readinessProbe: { exec: { command: ["test", "!", "-e", "/run/unready"] }, periodSeconds: 1, timeoutSeconds: 10 },
  livenessProbe: {
    guestAgentPing: {},
    initialDelaySeconds: 90,
    periodSeconds: 2,
    timeoutSeconds: 10,
    failureThreshold: 8,
  },
};

const accessCredentials = [
  {
    sshPublicKey: {
      source: { secret: { secretName: "keys" } },
      propagationMethod: { qemuGuestAgent: { users: ["root"] } },
    },
  },
  {
    userPassword: { source: { secret: { secretName: "passwords" } }, propagationMethod: { qemuGuestAgent: {} } },
  },
];

before(async () => {
  await bringUp();
  await exec(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", scratch("key")]);
  const userData = cloudConfig("guest", readFileSync(scratch("key.pub"), "utf8"));
  await apply(secret("keys", { jane: "ssh-ed25519 AAAA jane" }), secret("passwords", { root: "sesame" }));
  await apply(
    machine("guest", { userData, spec: { ...probes, accessCredentials } }),
    machine("halted", { runStrategy: "Halted" }),
    toolbox,
  );
  await kubectlOutput("wait", "--for=condition=AgentConnected", "vmi/guest", "--timeout=180s");
});
after(takeDown);

describe("a guest", () => {
  test("has a console that one can log in on, and that comes back when the API server or the node agent dies", async (t) => {
    const terminal = converse(t, startVmpod("console", "guest"));
    await terminal.expect(/Successfully connected to guest console\. The escape sequence is \^\]/);
    terminal.type("\n");
    await terminal.expect(/guest login: $/, 60_000);
    terminal.type("vmpod\n");
    await terminal.expect(/Password: /);
    terminal.type("secret\n");
    await terminal.expect(/:~\$ /);
    terminal.type("echo boot $(cat /proc/sys/kernel/random/boot_id)\n");
    const [, bootId] = await terminal.expect(/boot ([0-9a-f-]{36})/);

    for (const victim of ["apiserver", "agent"] as const) {
      killProcess(victim);
      await terminal.expect(/The connection to guest broke/);
      await terminal.expect(/Successfully connected/);
      terminal.type("echo again $(cat /proc/sys/kernel/random/boot_id)\n");
      const [, sameBootId] = await terminal.expect(/again ([0-9a-f-]{36})/);
      assert.equal(sameBootId, bootId);
    }

    terminal.type(escape);
    assert.equal(await terminal.exited, 0);
    assert.match(terminal.unread(), /Left the console of guest/);
  });

  test("runs commands by ssh, passes their input and their status", async () => {
    const login = ["-i", scratch("key"), "--known-hosts", scratch("known_hosts"), "vmpod@vm/guest"];
    const result = await vmpod(["ssh", ...login, "-c", "hostname; exit 7"]);
    assert.deepEqual([result.stdout, result.code], ["guest\n", 7], result.stderr);
    const sent = "0123456789".repeat(50_000);
    const counted = await vmpod(["ssh", ...login, "-c", "wc -c"], sent);
    assert.equal(counted.stdout.trim(), String(sent.length), counted.stderr);
  });

  test("has ports that can be reached from here", async (t) => {
    const forward = converse(t, startVmpod("port-forward", "vm/guest", "0:80"));
    const [, port] = await forward.expect(/Forwarding from 127\.0\.0\.1:(\d+) -> 80/);
    const pages = await Promise.all([1, 2, 3].map(async () => (await fetch(`http://127.0.0.1:${port}/`)).text()));
    assert.deepEqual(
      pages,
      Array.from({ length: 3 }, () => "hello from guest\n"),
    );
    const { stdout } = await vmpod(["port-forward", "--stdio=true", "vmi/guest/default", "22"]);
    assert.match(stdout, /^SSH-2\.0-|^$/);
  });

  test("is exposed by a Service", async () => {
    const exposed = await vmpod(["expose", "vmi", "guest", "--name=guest-web", "--port=8000", "--target-port=80"]);
    assert.equal(exposed.stdout, "Service guest-web successfully exposed for vmi guest\n", exposed.stderr);
    const address = await kubectlOutput("get", "service/guest-web", "-o", "jsonpath={.spec.clusterIP}");
    // As with Kubernetes, a Service is there a moment before the nodes know of it.
    const page = await eventually("the Service answers", 60_000, () => fetchText(`http://${address}:8000/`));
    assert.equal(page, "hello from guest");
  });

  test("shows its screen by VNC", async (t) => {
    const proxy = startVmpod("vnc", "guest", "--proxy-only");
    const [, port] = await converse(t, proxy).expect(/\{"port":(\d+)\}/);
    const viewer = net.connect(Number(port), "127.0.0.1");
    const [greeting] = (await once(viewer, "data", { signal: AbortSignal.timeout(120_000) })) as [Buffer];
    assert.match(greeting.toString(), /^RFB 003\.\d+\n$/);
    viewer.destroy();
    writeFileSync(scratch("viewer"), '#!/bin/sh\necho "viewing $1"\n', { mode: 0o755 });
    const viewed = await vmpod(["vnc", "guest", "--vnc-path", scratch("viewer")]);
    assert.match(viewed.stdout, /^viewing 127\.0\.0\.1:\d+\n$/, viewed.stderr);
    const file = scratch("screen.png");
    assert.equal((await vmpod(["vnc", "screenshot", "guest", "-f", file])).code, 0);
    assert.equal(readFileSync(file).subarray(1, 4).toString(), "PNG");
  });

  test("tells of itself by its agent and its serial log", async () => {
    const info = JSON.parse((await vmpod(["guestosinfo", "guest"])).stdout) as { hostname: string };
    assert.equal(info.hostname, "guest");
    for (const list of ["userlist", "fslist"]) {
      const { code, stdout, stderr } = await vmpod([list, "guest"]);
      assert.equal(code, 0, stderr);
      assert.ok(Array.isArray((JSON.parse(stdout) as { items: unknown }).items));
    }
    assert.match((await vmpod(["logs", "guest", "--tail=200"])).stdout, /guest login:/);
  });

  test("has an agent that logs more when it is told to, without being started anew", async () => {
    assert.equal((await vmpod(["adm", "log-verbosity", "--virt-handler=4"])).code, 0);
    const log = () => readFileSync(scratch("run/log/agent.log"), "utf8");
    await eventually("its log tells", 60_000, () => log().includes('"verbosity":4') || undefined, log);
    assert.equal((await vmpod(["adm", "log-verbosity", "--reset"])).code, 0);
  });

  test("runs programs by its agent: outputs apart, input, exit code, time limit", async () => {
    const failed = await vmpod(["exec", "vm/guest", "--", "sh", "-c", "hostname; echo err >&2; exit 7"]);
    assert.deepEqual([failed.stdout, failed.stderr, failed.code], ["guest\n", "err\n", 7]);
    const input = "0123456789".repeat(50_000);
    const counted = await vmpod(["exec", "-i", "vm/guest", "--", "wc", "-c"], input);
    assert.equal(counted.stdout.trim(), String(input.length), counted.stderr);
    const late = await vmpod(["exec", "vmi/guest", "--timeout=1", "--", "sleep", "600"]);
    assert.deepEqual([late.code, late.stdout], [1, ""]);
    assert.match(late.stderr, /^error: Error executing in VirtualMachineInstance guest: sleep did not end within 1 s/);
  });

  test("takes and gives files and directories by its agent", async () => {
    const content = Buffer.concat([randomBytes(700_000), Buffer.from("\0\n\xff")]);
    writeFileSync(scratch("sent"), content, { mode: 0o750 });
    const stored = await vmpod(["cp", scratch("sent"), "vm/guest:/root"]);
    assert.equal(stored.code, 0, stored.stderr);
    const fetched = await vmpod(["cp", "vm/guest:/root/sent", scratch("fetched")]);
    assert.equal(fetched.code, 0, fetched.stderr);
    assert.ok(readFileSync(scratch("fetched")).equals(content));
    assert.equal(statSync(scratch("fetched")).mode & 0o777, 0o750);
    const missing = await vmpod(["cp", "vm/guest:/no/such", scratch("fetched")]);
    assert.match(missing.stderr, /^error: Error copying vm\/guest:\/no\/such: in the guest: \/no\/such: no such file/);

    mkdirSync(scratch("tree/deep"), { recursive: true });
    writeFileSync(scratch("tree/deep/leaf"), "green");
    assert.equal((await vmpod(["cp", "-r", scratch("tree"), "vm/guest:/root"])).code, 0);
    const back = await vmpod(["cp", "-r", "vm/guest:/root/tree", scratch("back")]);
    assert.equal(back.code, 0, back.stderr);
    assert.equal(readFileSync(scratch("back/deep/leaf"), "utf8"), "green");
    const { stdout } = await vmpod(["exec", "vm/guest", "--", "sh", "-c", "ls -A /root /tmp | grep vmpod-cp"]);
    assert.equal(stdout, "", "nothing is left in the guest");
  });

  test("has the keys and passwords that its agent was given, and is given new ones", async () => {
    await kubectlOutput("wait", "--for=condition=AccessCredentialsSynchronized", "vmi/guest", "--timeout=60s");
    const inGuest = async (line: string): Promise<string> => {
      const { code, stdout, stderr } = await vmpod(["exec", "vm/guest", "--", "sh", "-c", line]);
      assert.equal(code, 0, stderr);
      return stdout;
    };
    assert.equal((await inGuest("cat /root/.ssh/authorized_keys")).trim(), "ssh-ed25519 AAAA jane");
    assert.match(await inGuest("grep ^root: /etc/shadow"), /^root:\$6\$/);
    const keyOf = (more: string[]) => vmpod(["credentials", ...more, "--user=root", "guest"]);
    const refused = await keyOf(["add-ssh-key", "--value=ssh-ed25519 BBBB john"]);
    assert.match(refused.stderr, /secret keys does not have an owner reference pointing to VM guest: use --force/);
    assert.equal((await keyOf(["add-ssh-key", "--value=ssh-ed25519 BBBB john", "--force"])).code, 0);
    assert.equal((await keyOf(["remove-ssh-key", "--value=ssh-ed25519 AAAA jane", "--force"])).code, 0);
    assert.equal((await keyOf(["set-password", "--password=open", "--force"])).code, 0);
  });

  test("runs nothing for those who may only read", async () => {
    const asReader = ["--as=reader", "auth", "can-i"];
    await kubectlOutput("create", "clusterrolebinding", "reader", "--clusterrole=view", "--user=reader");
    assert.equal((await kubectl([...asReader, "get", "vmi"])).stdout, "yes\n");
    for (const verb of ["get", "create"]) {
      const exec = await kubectl([...asReader, verb, "virtualmachineinstances.subresources.kubevirt.io/exec"]);
      assert.equal(exec.stdout, "no\n");
    }
  });

  test("is paused, explained and let go on", async () => {
    assert.equal((await vmpod(["pause", "vm", "guest"])).stdout, "VMI guest was scheduled to pause\n");
    await kubectlOutput("wait", "--for=condition=Paused", "vmi/guest", "--timeout=60s");
    await explained("guest", /is paused \(PausedByUser\): let it go on with `vmpod unpause/);
    const refused = await vmpod(["pause", "vm", "guest"]);
    assert.deepEqual([refused.code, refused.stdout], [1, ""]);
    assert.match(refused.stderr, /^error: Error pausing VirtualMachineInstance guest: .*paused/);
    assert.equal((await vmpod(["unpause", "vmi/guest"])).stdout, "VMI guest was scheduled to unpause\n");
    await explained("guest", /^guest is running on \S+ at 10\.14\./);
  });
});

test("a guest is given keys that have changed, without a restart", async () => {
  const keys = async () => (await vmpod(["exec", "vm/guest", "--", "cat", "/root/.ssh/authorized_keys"])).stdout.trim();
  const areNew = async () => (await keys()) === "ssh-ed25519 BBBB john" || undefined;
  await eventually("the guest has its new keys", 180_000, areNew, keys);
});

test("a guest is ready while its probe succeeds", async () => {
  const inGuest = (line: string) => vmpod(["exec", "vm/guest", "--", "sh", "-c", line]);
  await kubectlOutput("wait", "--for=condition=Ready", "vmi/guest", "--timeout=60s");
  assert.equal((await inGuest("touch /run/unready")).code, 0);
  await kubectlOutput("wait", "--for=condition=Ready=false", "vmi/guest", "--timeout=60s");
  assert.equal((await inGuest("rm /run/unready")).code, 0);
  await kubectlOutput("wait", "--for=condition=Ready", "vmi/guest", "--timeout=60s");
});

describe("a container, by kubectl", () => {
  const transports: [name: string, env: NodeJS.ProcessEnv][] = [
    ["websockets", {}],
    ["SPDY", { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: "false", KUBECTL_PORT_FORWARD_WEBSOCKETS: "false" }],
  ];
  for (const [name, env] of transports) {
    test(`runs commands over ${name}`, async () => {
      const failed = await kubectl(["exec", "toolbox", "--", "sh", "-c", "echo out; echo err >&2; exit 7"], "", env);
      assert.deepEqual([failed.code, failed.stdout], [7, "out\n"]);
      assert.match(failed.stderr, /^err\n/);
      const input = "0123456789".repeat(100_000);
      const echoed = await kubectl(["exec", "-i", "toolbox", "--", "cat"], input, env);
      assert.equal(echoed.code, 0, echoed.stderr);
      assert.ok(echoed.stdout === input, `${echoed.stdout.length} of ${input.length} bytes came back`);
    });

    test(`forwards ports over ${name}`, async (t) => {
      const child = startKubectl(["port-forward", "pod/toolbox", ":8080"], env);
      const [, port] = await converse(t, child).expect(/Forwarding from 127\.0\.0\.1:(\d+)/);
      const pages = await Promise.all([1, 2].map(async () => (await fetch(`http://127.0.0.1:${port}/`)).text()));
      assert.deepEqual(pages, ["hello\n", "hello\n"]);
    });
  }

  test("is used from a terminal, which tells its size", async () => {
    // util-linux's script gives the program a terminal.
    // The size comes a moment after the terminal.
    const script = "for i in $(seq 60); do stty size | grep -v ^0 && break; sleep 0.5; done; exit 4";
    const line = `stty rows 33 cols 101; ${kubectlProgram} exec -it toolbox -- sh -c '${script}'`;
    const child = spawn("script", ["-qec", line, "/dev/null"], { env: kubectlEnvironment });
    const { code, stdout } = await finish(child, "");
    assert.match(stdout, /33 101/);
    assert.equal(code, 4);
  });

  test("refuses a command that is not there with its reason", async () => {
    const { code, stderr } = await kubectl(["exec", "toolbox", "--", "no-such-program"]);
    assert.notEqual(code, 0);
    assert.match(stderr, /no-such-program/);
  });
});

describe("a machine's owner", () => {
  test("starts, restarts and stops it", async () => {
    assert.match(
      (await vmpod(["explain", "vm/halted"])).stdout,
      /^halted is halted.*: start it with `vmpod start halted`\.\n$/,
    );
    assert.equal((await vmpod(["start", "halted"])).stdout, "VM halted was scheduled to start\n");
    await kubectlOutput("wait", "--for=jsonpath={.status.printableStatus}=Running", "vm/halted", "--timeout=60s");
    const again = await vmpod(["start", "halted"]);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /^error: Error starting VirtualMachine .*already running/);
    const restarted = await vmpod(["restart", "halted", "--force", "--grace-period=0"]);
    assert.equal(restarted.stdout, "VM halted was scheduled to restart\n", restarted.stderr);
    assert.equal((await vmpod(["stop", "halted"])).stdout, "VM halted was scheduled to stop\n");
    await kubectlOutput("wait", "--for=delete", "vmi/halted", "--timeout=60s");
    await explained("halted", /is halted/);
  });

  test("is told why a machine does not come up", async () => {
    await apply(
      machine("greedy", { memory: "900Gi" }),
      machine("imageless", { image: "registry.invalid/no/such:1" }),
      machine("claimless", { volumes: [{ name: "data", persistentVolumeClaim: { claimName: "missing" } }] }),
    );
    const told: Record<string, RegExp> = {
      greedy: /asks for \d+Mi of memory but node \S+ has only \d+Mi free/,
      imageless: /an image that cannot be pulled .*registry\.invalid/s,
      claimless: /waits for storage .*missing/,
    };
    for (const [name, expected] of Object.entries(told)) await explained(name, expected);
    await kubectlOutput("delete", "vm", ...Object.keys(told), "--wait=false");
  });

  test("is told when a name is wrong", async () => {
    const { code, stderr } = await vmpod(["start", "nobody"]);
    assert.equal(code, 1);
    assert.match(stderr, /^error: Error starting VirtualMachine .*"nobody" not found\n$/);
    assert.match((await vmpod(["explain", "vm/nobody", "-n", "lab"])).stdout, /nobody does not exist in namespace lab/);
  });
});

test("versions and kubeconfig", async () => {
  assert.match((await vmpod(["version"])).stdout, /^Client Version: v\S+ .*\nServer Version: v1\.\d+/);
  assert.match((await vmpod(["kubeconfig"])).stdout, /^apiVersion: v1\n/);
  const path = (await vmpod(["kubeconfig", "--path"])).stdout.trim();
  assert.match((await vmpod(["--kubeconfig", path, "version"])).stdout, /Server Version/);
  assert.equal((await vmpod(["kubeconfig", "--merge"])).code, 0);
  assert.match(readFileSync(scratch(".kube/config"), "utf8"), /current-context: vt4/);
});

/** What `explain` says turns up as the controllers find out. */
async function explained(name: string, expected: RegExp): Promise<void> {
  const explain = async () => (await vmpod(["explain", `vm/${name}`])).stdout;
  await eventually(
    `explain vm/${name} matches ${expected}`,
    60_000,
    async () => expected.test(await explain()) || undefined,
    explain,
  );
}
