import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultConfiguration } from "../configuration.ts";
import { sampleVm } from "../sample.ts";
import type { VirtualMachine } from "../types.ts";
import { validateVirtualMachine } from "./vm.ts";

function fieldsOf(change: (vm: VirtualMachine) => void): (string | undefined)[] {
  return validateVirtualMachine(sampleVm(change), defaultConfiguration).map((cause) => cause.field);
}

test("run strategies", () => {
  for (const runStrategy of ["Always", "Halted", "Manual", "RerunOnFailure", "Once"]) {
    assert.deepEqual(
      fieldsOf((vm) => Object.assign(vm.spec, { runStrategy })),
      [],
      runStrategy,
    );
  }
  const table: [object, string[]][] = [
    [{ runStrategy: "Sometimes" }, ["spec.runStrategy"]],
    [{ runStrategy: "WaitAsReceiver" }, ["spec.runStrategy"]],
    [{ runStrategy: undefined }, ["spec.runStrategy"]],
    [{ runStrategy: undefined, running: true }, []],
    [{ running: true }, ["spec.running"]],
  ];
  for (const [spec, fields] of table)
    assert.deepEqual(
      fieldsOf((vm) => Object.assign(vm.spec, spec)),
      fields,
    );
});

test("the template is validated as the instance it becomes", () => {
  const fields = fieldsOf((vm) => {
    vm.spec.template.spec.domain.memory = { guest: "-1Gi" };
  });
  assert.deepEqual(fields, ["spec.template.spec.domain.memory.guest"]);
});

test("what is missing or out of scope is named", () => {
  assert.deepEqual(
    fieldsOf((vm) => Object.assign(vm, { spec: { runStrategy: "Always" } })),
    ["spec.template"],
  );
  assert.deepEqual(
    fieldsOf((vm) => Object.assign(vm.spec, { updateVolumesStrategy: "Migration" })),
    ["spec.updateVolumesStrategy"],
  );
  assert.deepEqual(
    fieldsOf((vm) => Object.assign(vm.metadata ?? {}, { name: "n".repeat(64) })),
    ["metadata.name"],
  );
});

test("what upstream checks further is refused before", () => {
  const table: [object, string][] = [
    [{ dataVolumeTemplates: [{ metadata: { name: "a" }, spec: {} }] }, "spec.dataVolumeTemplates"],
    [{ updateVolumesStrategy: "Migration" }, "spec.updateVolumesStrategy"],
  ];
  for (const [spec, field] of table)
    assert.deepEqual(
      fieldsOf((vm) => Object.assign(vm.spec, spec)),
      [field],
    );
});

test("the template's metadata, of which the schema says nothing", () => {
  const table: [metadata: unknown, string[]][] = [
    [{ labels: { app: "x" }, annotations: {} }, []],
    [{ labels: null }, []],
    [{ labels: "app=x" }, ["spec.template.metadata.labels"]],
    [{ labels: { tier: 1 } }, ["spec.template.metadata.labels.tier"]],
    [{ annotations: [] }, ["spec.template.metadata.annotations"]],
    [{ labels: { "kubevirt.io/nodeName": "x" } }, ["spec.template.metadata.labels[kubevirt.io/nodeName]"]],
  ];
  for (const [metadata, fields] of table)
    assert.deepEqual(
      fieldsOf((vm) => Object.assign(vm.spec.template, { metadata })),
      fields,
      JSON.stringify(metadata),
    );
});
