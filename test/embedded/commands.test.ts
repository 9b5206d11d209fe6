/** Stock kubectl, today's and Debian's 1.20, with a real machine and a real container; and vmpod's own look at the host. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { before, describe, test } from "node:test";
import { bin, eventually, type Output, run, succeed } from "./instance.ts";
import { machine, web, smallestMemory } from "./machines.ts";
import { qemusOf } from "./processes.ts";
import { useInstance } from "./use-instance.ts";
import { storageKey } from "../qemu/tpm.ts";
import { currentKubectl, debianKubectl } from "../fixtures/kubectl.ts";

const instance = useInstance("vmtcmd", 16);
const { kubectl, apply, fieldOf } = instance;
const bootMs = 180_000;

before(async () => {
  const devices = { tpm: { persistent: true }, networkInterfaceMultiqueue: true, blockMultiQueue: true };
  const domain = { cpu: { sockets: 2 }, ioThreadsPolicy: "auto" };
  const runcmd = [
    `echo "TPM key $(${storageKey})" >/dev/ttyS0`,
    'echo "queues $(ls -d /sys/class/net/eth0/queues/rx-* | wc -l) $(ls /sys/block/vda/mq | wc -l)" >/dev/ttyS0',
  ];
  apply(machine({ name: "subject", memory: smallestMemory, devices, domain, runcmd }), web());
  kubectl("wait", "--for=condition=Available", "deployment/web", "--timeout=60s");
  await agentConnected();
});

const programs: [name: string, find: () => string | Promise<string>][] = [
  ["today's kubectl", currentKubectl],
  ["Debian's kubectl 1.20", debianKubectl],
];

for (const [name, find] of programs) {
  describe(name, () => {
    let program = "";
    before(async () => {
      program = await find();
    });
    const tryIt = (args: string[], options: { input?: string; env?: NodeJS.ProcessEnv } = {}): Output =>
      run([program, "--kubeconfig", instance.kubeconfig, ...args], options);
    const ok = (...args: string[]) => succeed(tryIt(args), `kubectl ${args.join(" ")}`);

    test("shows machines and pods", () => {
      assert.match(ok("get", "vm"), /^NAME\s+AGE\s+STATUS\s+READY\nsubject\s+\S+\s+Running\s+True\n$/);
      assert.match(ok("get", "vmi,pods", "-o", "wide"), /virtualmachineinstance.*\/subject\s.*Running/);
      assert.match(ok("describe", "vm", "subject"), /Printable Status:\s+Running/);
      assert.match(ok("describe", "vmi", "subject"), /Events:\s*\n(.*\n)+.*Started/);
      assert.match(ok("describe", "pods", "-l", "app=web"), /Started container web/);
      assert.match(ok("describe", "node"), /Allocatable:/);
    });

    test("applies, edits, waits and deletes", () => {
      const manifest = JSON.stringify(machine({ name: "draft", runStrategy: "Halted" }));
      assert.match(succeed(tryIt(["apply", "-f", "-"], { input: manifest }), "apply"), /draft created/);
      assert.match(succeed(tryIt(["apply", "-f", "-"], { input: manifest }), "apply"), /draft unchanged/);
      const env = { KUBE_EDITOR: "sed -i s/128Mi/160Mi/" };
      assert.match(succeed(tryIt(["edit", "vm", "draft"], { env }), "edit"), /draft edited/);
      assert.equal(ok("get", "vm", "draft", "-o", "jsonpath={.spec.template.spec.domain.memory.guest}"), "160Mi");
      assert.match(ok("wait", "--for=condition=Ready", "vm/subject", "--timeout=10s"), /condition met/);
      assert.match(ok("delete", "vm", "draft"), /"draft" deleted/);
    });

    test("explains what there is and who may", () => {
      assert.match(ok("explain", "vm.spec.runStrategy"), /VERSION:\s+(kubevirt\.io\/)?v1/);
      assert.match(ok("explain", "pod.spec.containers"), /DESCRIPTION/i);
      const resources = ok("api-resources", "--api-group=kubevirt.io");
      assert.match(resources, /virtualmachineinstances\s+vmi,vmis\s+kubevirt\.io\/v1\s+true\s+VirtualMachineInstance/);
      assert.equal(ok("auth", "can-i", "create", "vm"), "yes\n");
      assert.match(tryIt(["auth", "can-i", "create", "vm", "--as=nobody"]).stdout, /^no/);
    });

    test("reads logs, of a container and of a serial console", async () => {
      const serial = () => ok("logs", "-l", "vm.kubevirt.io/name=subject", "--tail=-1");
      await eventually("the login prompt", 60_000, () => /subject login:/.test(serial()) || undefined, serial);
      assert.equal(ok("logs", "deploy/web", "--tail=1"), "");
    });

    test("runs commands in a container", () => {
      assert.equal(ok("exec", "deploy/web", "--", "cat", "/www/index.html"), "web\n");
      const echoed = tryIt(["exec", "-i", "deploy/web", "--", "cat"], { input: "there and back" });
      assert.equal(echoed.stdout, "there and back");
      const failed = tryIt(["exec", "deploy/web", "--", "sh", "-c", "exit 3"]);
      assert.notEqual(failed.status, 0);
      assert.match(failed.stderr, /exit code 3/);
    });

    test("forwards ports", async () => {
      const child = spawn(program, ["--kubeconfig", instance.kubeconfig, "port-forward", "deploy/web", ":80"]);
      const ended = once(child, "close");
      let text = "";
      for (const stream of [child.stdout, child.stderr]) {
        stream.on("data", (chunk: Buffer) => {
          text += chunk.toString();
        });
      }
      try {
        const ready = () => /Forwarding from 127\.0\.0\.1:(\d+)/.exec(text)?.[1];
        const port = await eventually("the port is forwarded", 30_000, ready, () => text);
        const answer = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(60_000) });
        assert.equal(await answer.text(), "web\n");
      } finally {
        child.kill();
        await ended;
      }
    });
  });
}

test("disks and NIC have a queue for each processor of the guest", async () => {
  const queues = () => /queues (\d+) (\d+)/.exec(serialLog())?.slice(1);
  assert.deepEqual(await eventually("the guest tells its queues", 60_000, queues, serialLog), ["2", "2"]);
});

test("vmpod status and doctor see the whole of it", () => {
  const here = instance.location;
  const status = run([bin, "status", ...here]);
  assert.equal(status.status, 0, status.stdout);
  for (const part of ["supervisor", "apiserver", "controller", "agent", "containerd"]) {
    assert.match(status.stdout, new RegExp(`^${part}\\s.*running.*pid \\d+`, "m"));
  }
  assert.match(status.stdout, /1 of 1 machines and \d+ of \d+ pods run/);
  const doctor = run([bin, "doctor", ...here]);
  assert.equal(doctor.status, 0, doctor.stdout);
  assert.match(doctor.stdout, /kvm/i);
});

test("vmpod restart gives another instance of the same machine, with what its TPM keeps", async () => {
  const identity = () => fieldOf("vmi/subject", ".spec.domain.firmware.uuid");
  const key = await tpmKey();
  const [uuid, uid] = [identity(), fieldOf("vmi/subject", ".metadata.uid")];
  assert.match(instance.vmpod("restart", "subject").stdout, /VM subject was scheduled to restart/);
  await eventually("another instance", bootMs, () => {
    const now = fieldOf("vmi/subject", ".metadata.uid");
    return now !== "" && now !== uid ? now : undefined;
  });
  await agentConnected();
  assert.equal(identity(), uuid);
  assert.equal(await tpmKey(), key);
  assert.equal(fieldOf("pvc/persistent-state-for-subject", ".metadata.ownerReferences[0].kind"), "VirtualMachine");
  assert.equal(qemusOf(instance.name, "subject").length, 1);
});

/** As the guest has told it on its serial console. */
function tpmKey(): Promise<string> {
  const key = () => /TPM key ([\da-f]{180})/.exec(serialLog())?.[1];
  return eventually("the guest tells its key", 60_000, key, serialLog);
}

function serialLog(): string {
  return kubectl("logs", "-l", "vm.kubevirt.io/name=subject", "--tail=-1");
}

function agentConnected(): Promise<true> {
  const path = '.status.conditions[?(@.type=="AgentConnected")].status';
  return eventually(
    "the guest agent of subject answers",
    bootMs,
    () => fieldOf("vmi/subject", path) === "True" || undefined,
    () => kubectl("get", "vm,vmi,pods"),
  );
}
