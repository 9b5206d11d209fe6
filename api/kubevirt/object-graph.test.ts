import assert from "node:assert/strict";
import { test } from "node:test";
import { dependencyLabel, type GraphNode, graphOfInstance, graphOfMachine, pruned } from "./object-graph.ts";
import { sampleVm, sampleVmi } from "./sample.ts";

const shown = ({ objectReference: { kind, name }, children = [] }: GraphNode): unknown =>
  children.length > 0 ? [`${kind} ${name}`, ...children.map(shown)] : `${kind} ${name}`;

const volumes = [
  { name: "a", dataVolume: { name: "disk" } },
  { name: "b", persistentVolumeClaim: { claimName: "data" } },
  { name: "c", cloudInitNoCloud: { secretRef: { name: "user" } } },
  { name: "d", secret: { secretName: "keys", optional: true } },
  { name: "e", configMap: { name: "settings" } },
];
const accessCredentials = [
  { sshPublicKey: { source: { secret: { secretName: "keys" } }, propagationMethod: { noCloud: {} } } },
];
const networks = [{ name: "lan", multus: { networkName: "nets/lan" } }];

const machine = sampleVm((vm) => {
  Object.assign(vm.spec.template.spec, { volumes, accessCredentials, networks });
  vm.status = { instancetypeRef: { name: "u1", controllerRevisionRef: { name: "a-u1" } } };
});
const instance = sampleVmi((vmi) =>
  Object.assign(vmi.spec, { volumes: [volumes[1]], networks: [], accessCredentials: [] }),
);

test("a machine depends on what it is made of, its instance, and what both read", () => {
  assert.deepEqual(shown(graphOfMachine(machine, instance, ["virt-launcher-a-x"])), [
    "VirtualMachine a",
    "ControllerRevision a-u1",
    ["VirtualMachineInstance a", "Pod virt-launcher-a-x"],
    ["DataVolume disk", "PersistentVolumeClaim disk"],
    "PersistentVolumeClaim data",
    "Secret user",
    "Secret keys",
    "ConfigMap settings",
    "NetworkAttachmentDefinition lan",
  ]);
});

test("an instance depends on its pod and what it reads", () => {
  assert.deepEqual(shown(graphOfInstance(instance, ["p"])), [
    "VirtualMachineInstance a",
    "Pod p",
    "PersistentVolumeClaim data",
  ]);
});

test("branches can be cut, but what leads to a wanted one stays", () => {
  const graph = graphOfMachine(machine, instance, ["p"]);
  const kindsLeft = (isWanted: (node: GraphNode) => boolean) => JSON.stringify(shown(pruned(graph, isWanted)));
  assert.doesNotMatch(
    kindsLeft(({ optional }) => !optional),
    /Instance|Pod/,
  );
  const claims = kindsLeft(({ objectReference }) => objectReference.kind === "PersistentVolumeClaim");
  assert.match(claims, /"DataVolume disk","PersistentVolumeClaim disk"/);
  assert.doesNotMatch(claims, /Secret/);
  assert.equal(graph.labels[dependencyLabel], "compute");
});
