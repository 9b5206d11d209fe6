import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleSpec } from "../../../../api/kubevirt/sample.ts";
import type { Domain } from "../../../../api/kubevirt/types.ts";
import { hypervFlags } from "./hyperv.ts";

const cases: [what: string, features: NonNullable<Domain["features"]>, flags: object][] = [
  ["nothing", {}, {}],
  ["an empty one", { hyperv: {} }, {}],
  [
    "some",
    { hyperv: { relaxed: {}, vapic: { enabled: true }, ipi: { enabled: false } } },
    { "hv-relaxed": true, "hv-vapic": true },
  ],
  ["retries", { hyperv: { spinlocks: { spinlocks: 8191 } } }, { "hv-spinlocks": 8191 }],
  ["retries as usual", { hyperv: { spinlocks: {} } }, { "hv-spinlocks": 4096 }],
  ["a name", { hyperv: { vendorid: { vendorid: "someone" } } }, { "hv-vendor-id": "someone" }],
  [
    "timers, which need the time",
    { hyperv: { synictimer: { direct: {} } } },
    { "hv-stimer": true, "hv-stimer-direct": true, "hv-time": true },
  ],
  [
    "flushes",
    { hyperv: { tlbflush: { direct: {}, extended: {} } } },
    { "hv-tlbflush": true, "hv-tlbflush-direct": true, "hv-tlbflush-ext": true, "hv-vapic": true },
  ],
  ["all that the host has", { hypervPassthrough: {} }, { "hv-passthrough": true }],
  ["not all that the host has", { hypervPassthrough: { enabled: false } }, {}],
];
test("enlightenments by QEMU's names, with what they need", () => {
  for (const [what, features, flags] of cases) {
    const spec = sampleSpec((draft) => {
      draft.domain.features = features;
    });
    assert.deepEqual(hypervFlags(spec), flags, what);
  }
});

test("the reference time is a timer of the clock", () => {
  const flags = (present?: boolean) =>
    hypervFlags(
      sampleSpec((draft) => {
        draft.domain.clock = { timer: { hyperv: present === undefined ? {} : { present } } };
      }),
    );
  assert.deepEqual(flags(), { "hv-time": true });
  assert.deepEqual(flags(false), {});
});
