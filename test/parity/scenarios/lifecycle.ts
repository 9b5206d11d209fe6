/** One machine from its creation to its end. The scenarios follow each other. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { eventually } from "../../embedded/instance.ts";
import { machine, type MachineOptions, service } from "../../embedded/machines.ts";
import {
  answers,
  becomes,
  bootMs,
  comesToMatch,
  conditionPath,
  conditionsOf,
  eventReasons,
  isGone,
  launcherOf,
  launchersAreGone,
  nothingRuns,
  read,
  refusal,
  stopMs,
} from "../facts.ts";
import { publicKey } from "../ssh-key.ts";
import type { Scenario, Target } from "../target.ts";
import { directories, mounted, serverKilled, sourcesOfDirectories } from "./directories.ts";

const name = "resident";
const vm = `vm/${name}`;
const vmi = `vmi/${name}`;
export const keysSecret = "keys-of-resident";
export const passwordsSecret = "passwords-of-resident";
const publish = ["cp /proc/sys/kernel/random/boot_id /www/boot-id", "hostname > /www/hostname"];

const byAgent = (secretName: string) => ({ source: { secret: { secretName } } });
const accessCredentials = [
  { sshPublicKey: { ...byAgent(keysSecret), propagationMethod: { qemuGuestAgent: { users: ["root"] } } } },
  { userPassword: { ...byAgent(passwordsSecret), propagationMethod: { qemuGuestAgent: {} } } },
];

const resident = (more: Partial<MachineOptions>): object =>
  machine({
    name,
    sshKey: publicKey,
    runcmd: publish,
    volumes: [{ name: "scratch", emptyDisk: { capacity: "32Mi" } }],
    devices: { clientPassthrough: {} },
    domain: { cpu: { sockets: 1, maxSockets: 2 } },
    // Two guests share the processors: one that is busy still heeds the power button, but not soon.
    spec: { accessCredentials, terminationGracePeriodSeconds: 120 },
    ...more,
  });

export const lifecycle: Scenario[] = [
  {
    name: "a machine comes up",
    async play(target) {
      await target.apply(
        secret(keysSecret, { jane: "ssh-ed25519 AAAA jane" }),
        secret(passwordsSecret, { root: "sesame" }),
        ...sourcesOfDirectories(target),
        resident({ directories }),
        service(name),
      );
      await becomes(target, vmi, ".status.phase", "Running");
      await upAgain(target);
      await becomes(target, vm, ".status.printableStatus", "Running");
      await becomes(target, vm, ".status.ready", "true");
      const path = "{.status.phaseTransitionTimestamps[*].phase}";
      return { phases: await target.kubectl("get", vmi, "-o", `jsonpath=${path}`) };
    },
  },
  { name: "its instance's conditions", play: async (target) => await conditionsOf(target, vmi) },
  { name: "its own conditions", play: async (target) => await conditionsOf(target, vm) },
  {
    name: "its instance's status",
    async play(target) {
      await becomes(target, vmi, ".status.guestOSInfo.id", "vmpod", stopMs);
      await comesToMatch(target, vmi, ".status.interfaces[0].infoSource", /guest-agent/);
      const { status = {} } = await read(target, vmi);
      const { machine, memory, qosClass, runtimeUser, volumeStatus } = status;
      const nics = ((status["interfaces"] ?? []) as object[]).map((nic) =>
        without(nic, "ipAddress", "ipAddresses", "mac"),
      );
      return { keys: Object.keys(status).sort(), machine, memory, qosClass, runtimeUser, volumeStatus, nics };
    },
  },
  {
    name: "its launcher pod",
    async play(target) {
      const { metadata, spec, status } = await launcherOf(target, name);
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
    async play(target) {
      const pod = (await launcherOf(target, name)).metadata.name;
      const script =
        "for f in /proc/[0-9]*/comm; do read c <$f; case $c in qemu*) d=${f%/comm};; esac; done; while read k v; do case $k in Uid:|CapEff:|NoNewPrivs:|Seccomp:) echo $k $v;; esac; done <$d/status";
      const lines = (await target.kubectl("exec", pod, "--", "/bin/sh", "-c", script)).trim().split("\n");
      assert.deepEqual(
        lines.map((line) => line.replaceAll(/\s+/g, " ")),
        ["Uid: 107 107 107 107", "CapEff: 0000000000000000", "NoNewPrivs: 1", "Seccomp: 2"],
      );
      return lines;
    },
  },
  {
    name: "events of the instance",
    play: async (target) => await eventReasons(target, "VirtualMachineInstance", name),
  },
  { name: "events of the machine", play: async (target) => await eventReasons(target, "VirtualMachine", name) },
  {
    name: "what kubectl get shows",
    async play(target) {
      const lines = async (...args: string[]) =>
        (await target.kubectl("get", ...args))
          .trim()
          .split("\n")
          .map((line) => line.trim().split(/\s{2,}/));
      const [vmHeader, vmRow = []] = await lines(vm);
      const [vmiHeader] = await lines(vmi, "-o", "wide");
      return { vmHeader, vmRow: [vmRow[0], vmRow[2], vmRow[3]], vmiHeader };
    },
  },
  {
    name: "kubectl wait and explain know it",
    async play(target) {
      await target.kubectl("wait", "--for=condition=Ready", vm, "--timeout=60s");
      assert.match(await target.kubectl("explain", "vmi.spec.domain.cpu.cores"), /cores/);
      return refusal(await target.vmpod("explain", vm));
    },
  },
  {
    name: "a running machine cannot be started",
    play: async (target) => refusal(await target.vmpod("start", name)),
  },
  {
    name: "the instance's spec cannot be changed",
    async play(target) {
      const patch = JSON.stringify({ spec: { terminationGracePeriodSeconds: 77 } });
      const { status, stderr } = await target.tryKubectl(["patch", vmi, "--type=merge", "-p", patch]);
      assert.notEqual(status, 0);
      assert.match(stderr, /cannot be changed/);
      return status;
    },
  },
  {
    name: "pause: no Service leads to it",
    async play(target) {
      assert.equal((await target.vmpod("pause", "vm", name)).status, 0);
      await becomes(target, vmi, conditionPath("Paused"), "True", stopMs);
      await becomes(target, vm, ".status.printableStatus", "Paused", stopMs);
      await podReady(target, "False");
      await becomes(target, vmi, conditionPath("Ready"), "False", stopMs);
      return await conditionsOf(target, vmi);
    },
  },
  {
    name: "a paused machine cannot be paused",
    play: async (target) => refusal(await target.vmpod("pause", "vm", name)),
  },
  {
    name: "unpause",
    async play(target) {
      assert.equal((await target.vmpod("unpause", "vm", name)).status, 0);
      await becomes(target, vm, ".status.printableStatus", "Running", stopMs);
      await podReady(target, "True");
      await upAgain(target);
      return await conditionsOf(target, vmi);
    },
  },
  {
    name: "a soft reboot keeps the pod",
    async play(target) {
      const before = (await launcherOf(target, name)).metadata.uid;
      await target.kubectl("get", "--raw", "/apis/subresources.kubevirt.io/v1"); // the group is served
      assert.equal((await target.vmpod("soft-reboot", name)).status, 0);
      await becomes(target, vmi, conditionPath("AgentConnected"), "", stopMs);
      await upAgain(target);
      assert.equal((await launcherOf(target, name)).metadata.uid, before);
      return await conditionsOf(target, vmi);
    },
  },
  mounted,
  {
    name: "restart: another instance",
    async play(target) {
      const before = (await read(target, vmi)).metadata.uid;
      const log = target.startVmpod("logs", name, "--follow");
      const followed = text(log.stdout);
      await once(log.stdout, "data", { signal: AbortSignal.timeout(bootMs) });
      assert.equal((await target.vmpod("restart", name)).status, 0);
      assert.match(await followed, /vmpod guest: poweroff/, "by itself: nobody killed it");
      await becomes(target, vm, ".status.printableStatus", "Running", bootMs);
      const after = await changed(target, before);
      assert.notEqual(after, before);
      await upAgain(target);
      return await conditionsOf(target, vm);
    },
  },
  {
    name: "a deleted instance comes back",
    async play(target) {
      const before = (await read(target, vmi)).metadata.uid;
      await target.kubectl("delete", vmi, "--timeout=180s");
      await changed(target, before);
      await upAgain(target);
      return await eventReasons(target, "VirtualMachine", name);
    },
  },
  serverKilled,
  {
    name: "stop",
    async play(target) {
      assert.equal((await target.vmpod("stop", name)).status, 0);
      await becomes(target, vm, ".status.printableStatus", "Stopped", stopMs);
      await isGone(target, vmi);
      await launchersAreGone(target, name);
      await becomes(target, vm, '.status.conditions[?(@.type=="Ready")].reason', "VMINotExists", stopMs);
      return [
        await target.fieldOf(vm, ".spec.runStrategy"),
        refusal(await target.vmpod("explain", vm)),
        await conditionsOf(target, vm),
      ];
    },
  },
  { name: "a halted machine cannot be stopped", play: async (target) => refusal(await target.vmpod("stop", name)) },
  {
    name: "a halted machine cannot be restarted",
    play: async (target) => refusal(await target.vmpod("restart", name)),
  },
  {
    name: "start, without the directories",
    async play(target) {
      await target.apply(resident({ runStrategy: "Halted" }));
      await target.kubectl("delete", "pvc/common", "pv/common", "configmap/tuning", "secret/word", "--timeout=60s");
      assert.equal((await target.vmpod("start", name)).status, 0);
      await becomes(target, vm, ".status.printableStatus", "Running", bootMs);
      await upAgain(target);
      return await target.fieldOf(vm, ".spec.runStrategy");
    },
  },
];

/** After everything else that needs the resident. */
export const theEnd: Scenario = {
  name: "deleted machines leave nothing",
  async play(target) {
    await target.kubectl(
      "delete",
      vm,
      "svc/resident",
      `secret/${keysSecret}`,
      `secret/${passwordsSecret}`,
      "--timeout=180s",
    );
    await nothingRuns(target);
    return "gone";
  },
};

async function podReady(target: Target, value: string): Promise<void> {
  const pod = (await launcherOf(target, name)).metadata.name;
  await becomes(target, `pod/${pod}`, conditionPath("Ready"), value, stopMs);
}

/** Its agent is connected, and has given it its keys, and everybody has heard of it. */
export async function upAgain(target: Target): Promise<void> {
  await answers(target, name);
  await becomes(target, vmi, conditionPath("AccessCredentialsSynchronized"), "True", stopMs);
  for (const object of [vmi, vm]) await becomes(target, object, conditionPath("Ready"), "True", stopMs);
}

function secret(secretName: string, stringData: Record<string, string>): object {
  return { apiVersion: "v1", kind: "Secret", metadata: { name: secretName }, stringData };
}

function changed(target: Target, before: string): Promise<string> {
  return eventually(`${target.name}: another instance of ${name}`, bootMs, async () => {
    const uid = await target.fieldOf(vmi, ".metadata.uid");
    return uid !== "" && uid !== before ? uid : undefined;
  });
}

function without(object: object, ...keys: string[]): object {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}
