import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultConfiguration } from "../configuration.ts";
import { expandVirtualMachine } from "../instancetype/expand.ts";
import type { MachineSpecs } from "../instancetype/specs.ts";
import { validateInstancetype, validatePreference } from "../instancetype/validate.ts";
import { sampleVm } from "../sample.ts";
import { validateVirtualMachine } from "../validate/vm.ts";
import { shippedInstancetypes } from "./instancetypes.ts";
import { shippedPreferences } from "./preferences.ts";

const instancetypes = new Map(shippedInstancetypes().map((each) => [each.metadata?.name ?? "", each.spec]));
const preferences = new Map(shippedPreferences().map((each) => [each.metadata?.name ?? "", each.spec]));

/** What a machine made of nothing else is refused for. */
function refusals(specs: MachineSpecs): { field?: string; message: string }[] {
  const vm = sampleVm(({ spec }) => {
    spec.template.spec = { domain: { devices: {} }, volumes: [{ name: "root", containerDisk: { image: "a" } }] };
  });
  const expansion = expandVirtualMachine(vm, specs, defaultConfiguration);
  return [...expansion.causes, ...validateVirtualMachine(expansion.vm, defaultConfiguration)];
}

test("names are unique, and upstream's sizes are there", () => {
  assert.equal(instancetypes.size, shippedInstancetypes().length);
  assert.equal(preferences.size, shippedPreferences().length);
  const sizes: [string, number, string][] = [
    ["u1.nano", 1, "512Mi"],
    ["u1.small", 1, "2Gi"],
    ["u1.2xmedium", 2, "4Gi"],
    ["u1.8xlarge", 32, "128Gi"],
    ["cx1.medium", 1, "2Gi"],
    ["m1.large", 2, "16Gi"],
    ["n1.xlarge", 8, "16Gi"],
    ["rt1.micro", 1, "1Gi"],
  ];
  for (const [name, vcpus, memory] of sizes) {
    const spec = instancetypes.get(name);
    assert.deepEqual([spec?.cpu.guest, spec?.memory.guest], [vcpus, memory], name);
  }
});

test("labels say what the specs do", () => {
  for (const { metadata, spec } of shippedInstancetypes()) {
    const label = (name: string) => metadata?.labels?.[`instancetype.kubevirt.io/${name}`];
    assert.deepEqual([label("cpu"), label("memory")], [String(spec.cpu.guest), spec.memory.guest]);
    assert.equal(`${metadata?.name}`.split(".")[1], label("size"));
  }
});

test("each is what may be stored", () => {
  for (const [name, spec] of instancetypes) assert.deepEqual(validateInstancetype(spec), [], name);
  for (const [name, spec] of preferences) assert.deepEqual(validatePreference(spec ?? {}), [], name);
});

test("machines of the general sizes run every system", () => {
  assert.ok(preferences.size > 20);
  for (const size of ["u1.large", "u1.8xlarge", "o1.large"])
    for (const [name, preference] of preferences)
      assert.deepEqual(refusals({ instancetype: instancetypes.get(size), preference }), [], `${size} ${name}`);
});

test("what vmpod cannot do yet is all that the others are refused for", () => {
  for (const instancetype of instancetypes.values())
    for (const { message } of refusals({ instancetype })) assert.match(message, /not available yet/);
  const instancetype = instancetypes.get("u1.large");
  for (const [name, preference] of preferences)
    for (const { message } of refusals({ instancetype, preference })) assert.match(message, /not available yet/, name);
});

test("Windows has the devices that it knows", () => {
  const busOf = (name: string) => preferences.get(name)?.devices?.preferredDiskBus;
  assert.deepEqual([busOf("windows.2k22"), busOf("windows.2k22.virtio")], ["sata", "virtio"]);
  const eleven = preferences.get("windows.11.virtio");
  assert.deepEqual(eleven?.devices?.preferredTPM, {});
  assert.equal(eleven?.firmware?.preferredEfi?.secureBoot, true);
  assert.ok(eleven?.features?.preferredHyperv && eleven.features.preferredSmm);
});
