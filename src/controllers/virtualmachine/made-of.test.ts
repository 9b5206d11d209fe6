import assert from "node:assert/strict";
import { test } from "node:test";
import { type ControllerRevision, controllerRevisions } from "../../../api/apps.ts";
import { defaultConfiguration } from "../../../api/kubevirt/configuration.ts";
import { annotations } from "../../../api/kubevirt/names.ts";
import { virtualMachineClusterInstancetypes } from "../../../api/kubevirt/resources.ts";
import { sampleVm, sampleVmi } from "../../../api/kubevirt/sample.ts";
import type { VirtualMachine } from "../../../api/kubevirt/types.ts";
import { createWorld } from "../world.ts";
import { findMadeOf } from "./made-of.ts";
import type { Observation } from "./observation.ts";
import { plan } from "./plan.ts";
import { renderVmi } from "./render-vmi.ts";
import { decideStatus } from "./status.ts";

const instancetype = {
  apiVersion: "instancetype.kubevirt.io/v1beta1",
  kind: "VirtualMachineClusterInstancetype",
  metadata: { name: "u1", uid: "type-uid", generation: 3 },
  spec: { cpu: { guest: 2 }, memory: { guest: "1Gi" } },
};

function vmOf(change: (vm: VirtualMachine) => void = () => undefined): VirtualMachine {
  return sampleVm((vm) => {
    vm.spec.instancetype = { name: "u1", kind: "virtualmachineclusterinstancetype" };
    delete vm.spec.template.spec.domain.memory;
    change(vm);
  });
}

/** A server with the instance type, and with the copies that were created. */
function scene() {
  const world = createWorld();
  world.put(virtualMachineClusterInstancetypes, instancetype);
  const revisions = world.informer(controllerRevisions);
  const sources = { client: world.client, revisions, configuration: () => defaultConfiguration };
  const observe = async (vm: VirtualMachine): Promise<Observation> => ({
    vm,
    instance: undefined,
    madeOf: await findMadeOf(sources, vm),
    hasUnboundClaim: false,
    configuration: defaultConfiguration,
    podsCanGrow: true,
    createFailure: undefined,
    nowMs: 0,
  });
  const keep = (revision: ControllerRevision) => {
    world.put(controllerRevisions, revision);
    world.catchUp("controllerrevisions");
  };
  return { world, observe, keep };
}

test("a machine is pinned before an instance is made of it, also when it is not to run", async () => {
  const { observe, keep, world } = scene();
  const [first, ...more] = plan(await observe(vmOf()));
  assert.ok(first?.type === "createRevision");
  assert.deepEqual(more, []);
  assert.equal(first.revision.metadata?.name, "a-u1-v1beta1-type-uid-3");
  const halted = vmOf((vm) => void (vm.spec.runStrategy = "Halted"));
  assert.deepEqual(
    plan(await observe(halted)).map(({ type }) => type),
    ["createRevision"],
  );
  keep(first.revision);
  const pinned = await observe(vmOf());
  assert.deepEqual(
    plan(pinned).map(({ type }) => type),
    ["createVmi"],
  );
  const { instancetypeRef } = decideStatus(pinned);
  assert.deepEqual(instancetypeRef?.controllerRevisionRef, { name: "a-u1-v1beta1-type-uid-3" });
  // The original changes, then goes: the machine stays what it is.
  world.remove(virtualMachineClusterInstancetypes, { name: "u1" });
  const later = plan(await observe(vmOf((vm) => void (vm.status = { instancetypeRef }))))[0];
  assert.ok(later?.type === "createVmi");
  const vmi = renderVmi(later.vm, [], later.madeOf);
  assert.deepEqual([vmi.spec.domain.cpu?.sockets, vmi.spec.domain.memory?.guest], [2, "1Gi"]);
  assert.equal(vmi.metadata?.annotations?.["kubevirt.io/cluster-instancetype-name"], "u1");
});

test("the copy of a machine that had the name before is waited out: it goes with that machine", async () => {
  const { observe, keep, world } = scene();
  const [first] = plan(await observe(vmOf()));
  assert.ok(first?.type === "createRevision");
  const { revision } = first;
  const [owner] = revision.metadata?.ownerReferences ?? [];
  assert.ok(owner);
  keep({ ...revision, metadata: { ...revision.metadata, ownerReferences: [{ ...owner, uid: "predecessor" }] } });
  const early = await observe(vmOf());
  assert.deepEqual(
    plan(early).map(({ type }) => type),
    ["createRevision"],
  );
  assert.equal(decideStatus(early).instancetypeRef?.controllerRevisionRef, undefined);
  world.remove(controllerRevisions, revision.metadata as { name: string });
  keep(revision);
  assert.deepEqual(
    plan(await observe(vmOf())).map(({ type }) => type),
    ["createVmi"],
  );
  const { ownerReferences: _, ...ownerless } = revision.metadata ?? {};
  keep({ ...revision, metadata: ownerless });
  assert.equal(plan(await observe(vmOf()))[0]?.type, "createVmi", "what nobody owns nobody takes away");
});

test("what is not there, or contradicts the template, is told, and nothing is made of it", async () => {
  const { observe } = scene();
  const table: [(vm: VirtualMachine) => void, RegExp][] = [
    [(vm) => void (vm.spec.instancetype = { name: "gone" }), /"gone" not found/],
    [(vm) => void (vm.spec.template.spec.domain.memory = { guest: "1Gi" }), /memory\.guest conflicts with selected/],
  ];
  for (const [change, message] of table) {
    const observation = await observe(vmOf(change));
    assert.ok(!plan(observation).some(({ type }) => type === "createVmi"));
    const failure = decideStatus(observation).conditions?.find(({ type }) => type === "Failure");
    assert.match(failure?.message ?? "", message);
  }
});

test("another instance type asks for a restart; one that cannot be read does not", async () => {
  const { observe } = scene();
  const observation = await observe(vmOf());
  const instance = sampleVmi((vmi) => {
    const owner = { apiVersion: "kubevirt.io/v1", kind: "VirtualMachine", name: "a", uid: "vm-uid", controller: true };
    vmi.metadata = { ...vmi.metadata, ownerReferences: [owner], annotations: { [annotations.templateHash]: "other" } };
    vmi.status = { phase: "Running" };
  });
  const wants = (each: Observation) =>
    decideStatus({ ...each, instance }).conditions?.some(({ type }) => type === "RestartRequired");
  assert.equal(wants(observation), true);
  assert.equal(wants({ ...observation, madeOf: { missing: "the API does not answer" } }), false);
});
