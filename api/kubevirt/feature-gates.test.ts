import assert from "node:assert/strict";
import { test } from "node:test";
import { refuseGated } from "./feature-gates.ts";
import { sampleSpec } from "./sample.ts";

test("files of the node are had only where an administrator permits it", () => {
  const spec = sampleSpec((draft) => {
    draft.volumes?.push({ name: "data", hostDisk: { path: "/data/a.img", type: "Disk" } });
  });
  const [cause, ...others] = refuseGated(spec, { hostDisks: false }, "spec.template.spec");
  assert.deepEqual([cause?.field, others], ["spec.template.spec.volumes[1].hostDisk", []]);
  assert.match(cause?.message ?? "", /featureGates/);
  assert.deepEqual(refuseGated(spec, { hostDisks: true }), []);
  assert.deepEqual(refuseGated(sampleSpec(), { hostDisks: false }), []);
});
