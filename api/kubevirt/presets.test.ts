import assert from "node:assert/strict";
import { test } from "node:test";
import { applyPresets, hasPreset, presetConflicts, presetOverrides } from "./presets.ts";
import type { VirtualMachineInstancePreset } from "./resources.ts";
import { sampleVmi } from "./sample.ts";
import type { Domain } from "./types.ts";

function preset(name: string, domain: Partial<Domain>): VirtualMachineInstancePreset {
  return { metadata: { name }, spec: { selector: {}, domain: domain as Domain } };
}

function vmiWith(domain: Partial<Domain>) {
  return sampleVmi((vmi) => {
    vmi.spec = { domain: domain as Domain };
  });
}

test("what the instance leaves open comes from the preset", () => {
  const small = preset("small", {
    cpu: { cores: 2 },
    resources: { requests: { memory: "64M" } },
    devices: { rng: {} },
  });
  const made = applyPresets(vmiWith({ devices: { disks: [] }, resources: { requests: { cpu: "1" } } }), [small]);
  assert.deepEqual(made.spec.domain, {
    cpu: { cores: 2 },
    devices: { disks: [], rng: {} },
    resources: { requests: { cpu: "1", memory: "64M" } },
  });
  assert.deepEqual(made.metadata?.annotations, { "virtualmachinepreset.kubevirt.io/small": "kubevirt.io/v1" });
  assert.ok(hasPreset(made, small));
});

test("what it says itself stays, whole, and that is told", () => {
  const [large, vmi] = [
    preset("large", { cpu: { cores: 4 } }),
    vmiWith({ cpu: { cores: 6, threads: 2 }, devices: {} }),
  ];
  assert.deepEqual(presetOverrides(vmi, large), ["spec.domain.cpu"]);
  const made = applyPresets(vmi, [large]);
  assert.deepEqual(made.spec.domain.cpu, { cores: 6, threads: 2 });
  assert.ok(!hasPreset(made, large), "nothing of it was of use");
});

test("one that says the same is applied", () => {
  const same = preset("same", { cpu: { cores: 4 } });
  const vmi = vmiWith({ cpu: { cores: 4 }, devices: {} });
  assert.deepEqual(presetOverrides(vmi, same), []);
  assert.ok(hasPreset(applyPresets(vmi, [same]), same));
});

test("presets may agree, but not contradict each other", () => {
  const [two, four] = [preset("two", { cpu: { cores: 2 } }), preset("four", { cpu: { cores: 4 } })];
  assert.deepEqual(presetConflicts([two, preset("also", { cpu: { cores: 2 }, chassis: { sku: "x" } })]), []);
  const [cause] = presetConflicts([two, four]);
  assert.equal(cause?.field, "spec.domain.cpu");
  assert.match(cause?.message ?? "", /two and four/);
});
