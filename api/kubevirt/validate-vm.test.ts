import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultConfiguration } from "./configuration.ts";
import { sampleVm } from "./sample.ts";
import type { VirtualMachine } from "./types.ts";
import { validateVirtualMachine } from "./validate-vm.ts";

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
