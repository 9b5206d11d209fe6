/** One machine from its creation to its end. The scenarios follow each other. */
import assert from "node:assert/strict";
import { eventually } from "../../embedded/instance.ts";
import { machine, service } from "../../embedded/machines.ts";
import {
  answers,
  becomes,
  bootMs,
  conditionPath,
  conditionsOf,
  eventReasons,
  isGone,
  launcherOf,
  launcherSelector,
  read,
  refusal,
  stopMs,
} from "../facts.ts";
import { publicKey } from "../ssh-key.ts";
import type { Scenario, Target } from "../target.ts";

const name = "resident";
const vm = `vm/${name}`;
const vmi = `vmi/${name}`;
const publish = ["cp /proc/sys/kernel/random/boot_id /www/boot-id", "hostname > /www/hostname"];

export const lifecycle: Scenario[] = [
  {
    name: "a machine comes up",
    async play(target) {
      target.apply(
        machine({
          name,
          sshKey: publicKey,
          runcmd: publish,
          volumes: [{ name: "scratch", emptyDisk: { capacity: "32Mi" } }],
        }),
        service(name),
      );
      await becomes(target, vmi, ".status.phase", "Running");
      await answers(target, name);
      await becomes(target, vm, ".status.printableStatus", "Running");
      await becomes(target, vm, ".status.ready", "true");
      const path = "{.status.phaseTransitionTimestamps[*].phase}";
      return { phases: target.kubectl("get", vmi, "-o", `jsonpath=${path}`) };
    },
  },
  { name: "its instance's conditions", play: (target) => conditionsOf(target, vmi) },
  { name: "its own conditions", play: (target) => conditionsOf(target, vm) },
  {
    name: "its instance's status",
    play(target) {
      const { status = {} } = read(target, vmi);
      const { machine, memory, qosClass, runtimeUser, volumeStatus } = status;
      assert.equal((status["guestOSInfo"] as { id?: string } | undefined)?.id, "vmpod");
      const nics = ((status["interfaces"] ?? []) as object[]).map((nic) =>
        without(nic, "ipAddress", "ipAddresses", "mac"),
      );
      return { keys: Object.keys(status).sort(), machine, memory, qosClass, runtimeUser, volumeStatus, nics };
    },
  },
  {
    name: "its launcher pod",
    play(target) {
      const { metadata, spec, status } = launcherOf(target, name);
      const [container] = (spec?.["containers"] ?? []) as { command?: string[]; securityContext?: object }[];
      assert.match(metadata.name, new RegExp(`^virt-launcher-${name}-[a-z0-9]{5}$`));
      return {
        labels: Object.keys(metadata.labels ?? {}).sort(),
        command: container?.command?.[0],
        security: [spec?.["securityContext"], container?.securityContext],
        restartPolicy: spec?.["restartPolicy"],
        phase: status?.["phase"],
      };
    },
  },
  {
    name: "one QEMU, without rights",
    play(target) {
      const pod = launcherOf(target, name).metadata.name;
      const script =
        "for f in /proc/[0-9]*/comm; do read c <$f; case $c in qemu*) d=${f%/comm};; esac; done; while read k v; do case $k in Uid:|CapEff:|NoNewPrivs:|Seccomp:) echo $k $v;; esac; done <$d/status";
      const lines = target.kubectl("exec", pod, "--", "/bin/sh", "-c", script).trim().split("\n");
      assert.deepEqual(
        lines.map((line) => line.replaceAll(/\s+/g, " ")),
        ["Uid: 107 107 107 107", "CapEff: 0000000000000000", "NoNewPrivs: 1", "Seccomp: 2"],
      );
      return lines;
    },
  },
  { name: "events of the instance", play: (target) => eventReasons(target, "VirtualMachineInstance", name) },
  { name: "events of the machine", play: (target) => eventReasons(target, "VirtualMachine", name) },
  {
    name: "what kubectl get shows",
    play(target) {
      const lines = (args: string[]) =>
        target
          .kubectl("get", ...args)
          .trim()
          .split("\n")
          .map((line) => line.trim().split(/\s{2,}/));
      const [vmHeader, vmRow = []] = lines([vm]);
      const [vmiHeader] = lines([vmi, "-o", "wide"]);
      return { vmHeader, vmRow: [vmRow[0], vmRow[2], vmRow[3]], vmiHeader };
    },
  },
  {
    name: "kubectl wait and explain know it",
    play(target) {
      target.kubectl("wait", "--for=condition=Ready", vm, "--timeout=20s");
      assert.match(target.kubectl("explain", "vmi.spec.domain.cpu.cores"), /cores/);
      return refusal(target.vmpod("explain", vm));
    },
  },
  {
    name: "a running machine cannot be started",
    play: (target) => refusal(target.vmpod("start", name)),
  },
  {
    name: "the instance's spec cannot be changed",
    play(target) {
      const patch = JSON.stringify({ spec: { terminationGracePeriodSeconds: 77 } });
      const { status, stderr } = target.tryKubectl(["patch", vmi, "--type=merge", "-p", patch]);
      assert.notEqual(status, 0);
      assert.match(stderr, /cannot be changed/);
      return status;
    },
  },
  {
    name: "pause: no Service leads to it",
    async play(target) {
      assert.equal(target.vmpod("pause", "vm", name).status, 0);
      await becomes(target, vmi, conditionPath("Paused"), "True", stopMs);
      await becomes(target, vm, ".status.printableStatus", "Paused", stopMs);
      await podReady(target, "False");
      return conditionsOf(target, vmi);
    },
  },
  { name: "a paused machine cannot be paused", play: (target) => refusal(target.vmpod("pause", "vm", name)) },
  {
    name: "unpause",
    async play(target) {
      assert.equal(target.vmpod("unpause", "vm", name).status, 0);
      await becomes(target, vm, ".status.printableStatus", "Running", stopMs);
      await podReady(target, "True");
      await answers(target, name);
      return conditionsOf(target, vmi);
    },
  },
  {
    name: "a soft reboot keeps the pod",
    async play(target) {
      const before = launcherOf(target, name).metadata.uid;
      target.kubectl("get", "--raw", "/apis/subresources.kubevirt.io/v1"); // the group is served
      assert.equal(target.vmpod("soft-reboot", name).status, 0);
      await becomes(target, vmi, conditionPath("AgentConnected"), "", stopMs);
      await answers(target, name);
      assert.equal(launcherOf(target, name).metadata.uid, before);
      return conditionsOf(target, vmi);
    },
  },
  {
    name: "restart: another instance",
    async play(target) {
      const before = read(target, vmi).metadata.uid;
      assert.equal(target.vmpod("restart", name).status, 0);
      await becomes(target, vm, ".status.printableStatus", "Running", bootMs);
      const after = await changed(target, before);
      assert.notEqual(after, before);
      await answers(target, name);
      return conditionsOf(target, vm);
    },
  },
  {
    name: "a deleted instance comes back",
    async play(target) {
      const before = read(target, vmi).metadata.uid;
      target.kubectl("delete", vmi, "--timeout=90s");
      await changed(target, before);
      await answers(target, name);
      return eventReasons(target, "VirtualMachine", name);
    },
  },
  {
    name: "stop",
    async play(target) {
      assert.equal(target.vmpod("stop", name).status, 0);
      await becomes(target, vm, ".status.printableStatus", "Stopped", stopMs);
      await isGone(target, vmi);
      await isGone(target, "pods", "-l", launcherSelector(name));
      return [target.fieldOf(vm, ".spec.runStrategy"), refusal(target.vmpod("explain", vm)), conditionsOf(target, vm)];
    },
  },
  { name: "a halted machine cannot be stopped", play: (target) => refusal(target.vmpod("stop", name)) },
  { name: "a halted machine cannot be restarted", play: (target) => refusal(target.vmpod("restart", name)) },
  {
    name: "start",
    async play(target) {
      assert.equal(target.vmpod("start", name).status, 0);
      await becomes(target, vm, ".status.printableStatus", "Running", bootMs);
      await answers(target, name);
      return target.fieldOf(vm, ".spec.runStrategy");
    },
  },
];

/** After everything else that needs the resident. */
export const theEnd: Scenario = {
  name: "a deleted machine leaves nothing",
  async play(target) {
    target.kubectl("delete", vm, "svc/resident", "--timeout=90s");
    await isGone(target, vmi);
    await isGone(target, "pods", "-l", launcherSelector(name));
    return "gone";
  },
};

async function podReady(target: Target, value: string): Promise<void> {
  const pod = launcherOf(target, name).metadata.name;
  await becomes(target, `pod/${pod}`, conditionPath("Ready"), value, stopMs);
}

function changed(target: Target, before: string): Promise<string> {
  return eventually(`${target.name}: another instance of ${name}`, bootMs, () => {
    const uid = target.fieldOf(vmi, ".metadata.uid");
    return uid !== "" && uid !== before ? uid : undefined;
  });
}

function without(object: object, ...keys: string[]): object {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}
