/** Upstream's rules about what may come beside or after what: migrations of a machine, and changes of what is stored. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { virtualMachineInstanceMigrations, virtualMachineInstances } from "../../api/kubevirt/resources.ts";
import { sampleVmi } from "../../api/kubevirt/sample.ts";
import { startInProcessApi, type Verdict } from "./in-process.ts";

const api = await startInProcessApi();

const created: [spec: object, reason: string, says: RegExp][] = [
  [{}, "Invalid", /spec.vmiName: Required/],
  [{ vmiName: "missing" }, "NotFound", /does not exist/],
  [{ vmiName: "ended" }, "Forbidden", /finalized state/],
  [{ vmiName: "fixed" }, "Forbidden", /DisksNotLiveMigratable/],
  [{ vmiName: "moving" }, "Forbidden", /in-flight migration detected/],
  [{ vmiName: "a", priority: "system-critical" }, "Invalid", /spec.priority: Forbidden: .*leave it out/],
  [{ vmiName: "a", sendTo: { connectURL: "a", migrationID: "b" } }, "Invalid", /spec.sendTo: Forbidden/],
  [{ vmiName: "a", receive: { migrationID: "b" } }, "Invalid", /spec.receive: Forbidden/],
];

for (const [spec, reason, says] of created) {
  test(`a migration is refused: ${JSON.stringify(spec)}`, async () => {
    const verdict = await api.create(virtualMachineInstanceMigrations, { metadata: { name: "m" }, spec });
    refused(verdict, reason, says);
  });
}

test("a migration and an instance stay as they were made", async () => {
  const migration = await api.store(virtualMachineInstanceMigrations, {
    metadata: { name: "m" },
    spec: { vmiName: "a" },
  });
  const elsewhere = { ...migration, spec: { vmiName: "b" } };
  refused(await api.update(virtualMachineInstanceMigrations, "m", elsewhere), "Invalid", /spec: .*is restricted/);
  const vmi = await api.store(virtualMachineInstances, { metadata: { name: "a" }, spec: sampleVmi().spec });
  const changed = { ...vmi, spec: { ...vmi.spec, terminationGracePeriodSeconds: 1 } };
  refused(await api.update(virtualMachineInstances, "a", changed), "Invalid", /spec: Forbidden: .*cannot be changed/);
});

/** Each was answered by a failure of the server. */
const unreadable: [what: string, metadata: unknown][] = [
  ["null", null],
  ["a text", "a"],
  ["a list", []],
  ["a number for a name", { name: 7 }],
  ["an object for a name", { name: { toString: 1 } }],
  ["an object for a uid", { name: "a", uid: { toString: null } }],
  ["a number for a resourceVersion", { name: "a", resourceVersion: 7 }],
  ["a number to generate a name of", { generateName: 7 }],
  ["an object for a namespace", { name: "a", namespace: { toString: 1 } }],
  ["a text for finalizers", { name: "a", finalizers: "x" }],
  ["a number for an annotation", { name: "a", annotations: { x: 1 } }],
  ["no owner", { name: "a", ownerReferences: [null] }],
];

for (const [what, metadata] of unreadable) {
  test(`bad metadata is the client's to mend: ${what}`, async () => {
    const verdict = await api.create(virtualMachineInstances, { metadata, spec: sampleVmi().spec });
    assert.ok("refusal" in verdict && [400, 422].includes(verdict.refusal.code), JSON.stringify(verdict));
  });
}

const strange: [what: string, spec: object, field: string][] = [
  [
    "an amount too large for a quantity",
    { domain: { devices: {}, memory: { guest: 1e308 } } },
    "spec.domain.memory.guest",
  ],
  ["a part of every object", { architecture: "constructor", domain: { devices: {} } }, "spec.architecture"],
];

for (const [what, spec, field] of strange) {
  test(`refused by its name: ${what}`, async () => {
    const verdict = await api.create(virtualMachineInstances, { metadata: { name: "a" }, spec });
    assert.ok("refusal" in verdict);
    assert.ok(
      verdict.refusal.details?.causes?.some((cause) => cause.field === field),
      verdict.refusal.message,
    );
  });
}

function refused(verdict: Verdict<unknown>, reason: string, says: RegExp): void {
  assert.ok("refusal" in verdict, "accepted");
  assert.equal(verdict.refusal.reason, reason, verdict.refusal.message);
  assert.match(verdict.refusal.message, says);
}
