import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultConfiguration, type VirtConfiguration } from "../../../api/kubevirt/configuration.ts";
import { defaultVirtualMachineInstanceSpec } from "../../../api/kubevirt/defaults/vmi.ts";
import { dumpVolumeOf, withDumpVolume } from "../../../api/kubevirt/memory-dump.ts";
import { sampleSpec, sampleVm } from "../../../api/kubevirt/sample.ts";
import type { VirtualMachineInstance, VirtualMachineInstanceSpec } from "../../../api/kubevirt/types.ts";
import { controllerReference } from "../../runtime/owner-references.ts";
import { virtualMachines } from "../../../api/kubevirt/resources.ts";
import type { Observation } from "./observation.ts";
import { plan } from "./plan.ts";
import { renderVmi } from "./render-vmi.ts";
import { decideStatus } from "./status.ts";
import { differences, withField } from "./spec-difference.ts";

type Change = (spec: VirtualMachineInstanceSpec) => void;

/** A machine of two sockets and 1 GiB that runs, and whose template was changed since. */
function changed(change: Change, more: Partial<Observation> & { status?: object } = {}): Observation {
  const configuration: VirtConfiguration = more.configuration ?? defaultConfiguration;
  const vm = sampleVm(({ spec: { template } }) => {
    template.spec.domain.cpu = { sockets: 2 };
    template.spec.domain.memory = { guest: "1Gi" };
  });
  const made = renderVmi(vm, []);
  const instance: VirtualMachineInstance = {
    ...made,
    metadata: { ...made.metadata, uid: "vmi-uid", ownerReferences: [controllerReference(virtualMachines, vm)] },
    spec: defaultVirtualMachineInstanceSpec(made.spec, configuration),
    status: { phase: "Running", ...more.status },
  };
  vm.metadata = { ...vm.metadata, generation: 2 };
  change(vm.spec.template.spec);
  const { status: _, ...rest } = more;
  return {
    vm,
    instance,
    hasUnboundClaim: false,
    configuration,
    podsCanGrow: true,
    createFailure: undefined,
    nowMs: 0,
    ...rest,
  };
}

const restartMessage = (observation: Observation): string | undefined =>
  decideStatus(observation).conditions?.find(({ type }) => type === "RestartRequired")?.message;

function updated(observation: Observation): VirtualMachineInstance | undefined {
  const [action] = plan(observation);
  return action?.type === "updateVmi" ? action.vmi : undefined;
}

const sockets =
  (count: number): Change =>
  (spec) =>
    void (spec.domain.cpu = { ...spec.domain.cpu, sockets: count });
const memory =
  (guest: string): Change =>
  (spec) =>
    void (spec.domain.memory = { guest });
const live: [what: string, Change, (spec: VirtualMachineInstanceSpec) => unknown, unknown][] = [
  ["sockets", sockets(8), ({ domain }) => domain.cpu?.sockets, 8],
  ["memory", memory("4Gi"), ({ domain }) => domain.memory?.guest, "4Gi"],
  [
    "the cable of a NIC",
    (spec) => void (spec.domain.devices.interfaces = [{ name: "default", masquerade: {}, state: "down" }]),
    ({ domain }) => domain.devices.interfaces?.[0]?.state,
    "down",
  ],
  ["node selector", (spec) => void (spec.nodeSelector = { a: "b" }), ({ nodeSelector }) => nodeSelector, { a: "b" }],
];

for (const [what, change, read, value] of live) {
  test(`live: ${what}`, () => {
    const observation = changed(change);
    const vmi = updated(observation);
    assert.deepEqual(vmi && read(vmi.spec), value);
    assert.equal(restartMessage(observation), undefined);
    const settled = { ...observation, instance: vmi };
    assert.deepEqual(plan(settled), [], "told once");
    assert.equal(decideStatus(settled).observedGeneration, 2);
  });
}

const staged = { ...defaultConfiguration, vmRolloutStrategy: "Stage" } as const;
const fixed = { podsCanGrow: false };
const movable = { conditions: [{ type: "LiveMigratable", status: "True" }] };
const waiting: [what: string, Change, Partial<Observation> & { status?: object }, RegExp][] = [
  ["a field that nothing can change", (spec) => void (spec.hostname = "b"), {}, /: spec\.template\.spec\.hostname$/],
  [
    "an item of a list",
    (spec) => void (spec.domain.devices.disks = [{ name: "root", disk: { bus: "scsi" } }]),
    {},
    /disks\[root\]\.disk\.bus$/,
  ],
  ["fewer sockets", sockets(1), {}, /domain\.cpu\.sockets \(a reduction of sockets requires a restart\)/],
  ["more than there is room for", sockets(9), {}, /started with maxSockets 8/],
  ["less memory", memory("512Mi"), {}, /memory\.guest \(a reduction of memory requires a restart\)/],
  ["too much memory", memory("5Gi"), {}, /started with maxGuest 4Gi/],
  ["an odd amount of memory", memory("1025Mi"), {}, /multiples of 2Mi/],
  ["a strategy that waits", sockets(3), { configuration: staged }, /: spec\.template\.spec\.domain\.cpu\.sockets$/],
  ["a pod and a guest that stay as they are", sockets(3), fixed, /cannot resize the machine's pod/],
];

for (const [what, change, more, message] of waiting) {
  test(`waits for a restart: ${what}`, () => {
    const observation = changed(change, more);
    assert.match(restartMessage(observation) ?? "", message);
    assert.equal(updated(observation), undefined);
  });
}

test("a guest of arm64 gets its processors when it is restarted", () => {
  const { instance, ...observation } = changed(sockets(3));
  const spec = instance && { ...instance.spec, architecture: "arm64" };
  observation.vm.spec.template.spec.architecture = "arm64";
  const arm = { ...observation, instance: instance && spec && { ...instance, spec } };
  assert.match(restartMessage(arm) ?? "", /sockets \(QEMU gives a machine of arm64 no processors while it runs\)/);
});

test("where pods stay as they are a guest that can move may grow", () => {
  assert.equal(updated(changed(sockets(3), { ...fixed, status: movable }))?.spec.domain.cpu?.sockets, 3);
});

test("with how many sockets a guest was booted is remembered from the first change on", () => {
  const atBoot = (vmi: VirtualMachineInstance | undefined) => vmi?.metadata?.annotations?.["vmpod.dev/sockets-at-boot"];
  const first = changed(sockets(3));
  assert.equal(atBoot(updated(first)), "2");
  const again = { ...first, instance: updated(first), vm: structuredClone(first.vm) };
  sockets(4)(again.vm.spec.template.spec);
  assert.deepEqual([updated(again)?.spec.domain.cpu?.sockets, atBoot(updated(again))], [4, "2"]);
  assert.equal(atBoot(updated(changed((spec) => void (spec.nodeSelector = { a: "b" })))), undefined);
});

test("what can be told is told, though something else waits", () => {
  const observation = changed((spec) => {
    sockets(3)(spec);
    spec.hostname = "b";
  });
  assert.equal(updated(observation)?.spec.domain.cpu?.sockets, 3);
  assert.match(restartMessage(observation) ?? "", /: spec\.template\.spec\.hostname$/);
});

test("a template that says the same in other words needs nothing", () => {
  const observation = changed((spec) => void (spec.domain.cpu = { sockets: 2, cores: 1, threads: 1 }));
  assert.equal(restartMessage(observation), undefined);
  assert.deepEqual(updated(observation)?.spec, observation.instance?.spec);
});

test("a memory dump makes no machine another one, nor is the next instance asked for it", () => {
  const asked: Change = (spec) => Object.assign(spec, withDumpVolume(spec, "dump"));
  const observation = changed(asked);
  assert.deepEqual([plan(observation), restartMessage(observation)], [[], undefined]);
  assert.equal(dumpVolumeOf(renderVmi(observation.vm, []).spec), undefined);
  const grown = changed((spec) => {
    asked(spec);
    sockets(4)(spec);
  });
  if (grown.instance) asked(grown.instance.spec);
  assert.equal(restartMessage(grown), undefined);
  assert.equal(dumpVolumeOf(updated(grown)?.spec ?? sampleSpec())?.name, "dump");
});

test("other defaults of the cluster ask for no restart", () => {
  const observation = changed(() => undefined);
  assert.equal(restartMessage({ ...observation, configuration: { ...staged, cpuModel: "Nehalem" } }), undefined);
});

test("a machine of before, which cannot grow, is asked for no restart because of that", () => {
  const observation = changed((spec) => void (spec.nodeSelector = { a: "b" }));
  const domain = structuredClone(observation.instance?.spec.domain ?? { devices: {} });
  delete domain.cpu?.maxSockets;
  delete domain.memory?.maxGuest;
  const { instance } = observation;
  const before = { ...observation, instance: instance && { ...instance, spec: { ...instance.spec, domain } } };
  assert.equal(restartMessage(before), undefined);
  assert.deepEqual(updated(before)?.spec.nodeSelector, { a: "b" });
});

test("a guest that is not there yet, or on its way, is told later", () => {
  for (const status of [
    { phase: "Scheduled" },
    { migrationState: { migrationUid: "m", sourcePod: "a", startTimestamp: "2026-01-01T00:00:00Z" } },
  ])
    assert.equal(updated(changed(sockets(3), { status })), undefined);
});

test("fields are named, and set, as people write them", () => {
  const from = { a: { list: [{ name: "x", n: 1 }, { name: "y" }] }, words: ["p"], same: 1 };
  const to = { a: { list: [{ name: "x", n: 2 }] }, words: ["q"], same: 1, more: { deep: true } };
  const found = differences(to, from);
  assert.deepEqual(
    found.map(({ path }) => path),
    ["a.list[x].n", "a.list[y]", "more", "words"],
  );
  assert.deepEqual(withField(from, "a.list[x].n", 2).a.list[0], { name: "x", n: 2 });
  assert.deepEqual(withField(from, "words", undefined), { a: from.a, same: 1 });
  assert.deepEqual(
    differences(to, from, (path) => path === "a").map(({ path }) => path),
    ["a", "more", "words"],
  );
});
