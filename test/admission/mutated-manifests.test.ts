/**
 * Whatever comes as a manifest, the API answers: it takes it, or refuses it with a Status that is the client's to mend (4xx) and names
 * fields that there are. It never fails, and never takes long.
 *
 *   MUTATED_MANIFESTS=100000   how many; default: what takes a few seconds
 *   SEED=7                     other ones; default: always the same
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../src/base/property.fixture.ts";
import {
  migrationPolicies,
  virtualMachineInstanceMigrations,
  virtualMachineInstancePresets,
  virtualMachineInstanceReplicaSets,
  virtualMachineInstances,
  virtualMachineInstancetypes,
  virtualMachinePools,
  virtualMachinePreferences,
  virtualMachines,
} from "../../api/kubevirt/resources.ts";
import { sampleSpec } from "../../api/kubevirt/sample.ts";
import type { KubeObject, Resource } from "../../api/meta.ts";
import type { StatusError } from "../../src/base/errors.ts";
import { fullMachine } from "../fields/machine.ts";
import { startInProcessApi } from "./in-process.ts";
import { type Json, mutated } from "./mutate.ts";
import { isNamedField } from "./named-fields.ts";

const numRuns = Number(process.env["MUTATED_MANIFESTS"] ?? 4000);
/** Of the processor; one that is valid takes two. */
const longestMs = 1000;

const metadata = { name: "a", labels: { app: "x" }, annotations: { note: "y" } };
const template = { metadata: { labels: { app: "x" } }, spec: fullMachine };
const selector = { matchLabels: { app: "x" } };
const selectors = {
  labelSelector: { matchExpressions: [{ key: "app", operator: "In", values: ["x"] }] },
  nodeSelectorRequirementMatcher: [{ key: "zone", operator: "Exists" }],
};
const asJson = (object: object): Json => JSON.parse(JSON.stringify(object)) as Json;
const object = (more: object): Json => asJson({ metadata, ...more });

const madeOf = { instancetype: { name: "a" }, preference: { name: "b", kind: "VirtualMachinePreference" } };
const inferred = { instancetype: { inferFromVolume: "root", inferFromVolumeFailurePolicy: "Ignore" } };
const preference = {
  cpu: { preferredCPUTopology: "spread", spreadOptions: { across: "CoresThreads", ratio: 2 } },
  devices: { preferredDiskBus: "virtio", preferredRng: {} },
  requirements: { cpu: { guest: 1 } },
};

const subjects: readonly (readonly [resource: Resource, manifests: readonly Json[], share: number])[] = [
  [
    virtualMachines,
    [
      object({ spec: { runStrategy: "Always", template } }),
      object({ spec: { running: true, template: { spec: sampleSpec() }, dataVolumeTemplates: [] } }),
      object({ spec: { runStrategy: "Halted", ...madeOf, template: { spec: { domain: { devices: {} } } } } }),
      object({ spec: { runStrategy: "Halted", ...inferred, template: { spec: sampleSpec() } } }),
    ],
    4,
  ],
  [
    virtualMachineInstancetypes,
    [
      object({
        spec: { cpu: { guest: 2 }, memory: { guest: "1Gi", overcommitPercent: 10 }, nodeSelector: { a: "b" } },
      }),
    ],
    1,
  ],
  [virtualMachinePreferences, [object({ spec: preference })], 1],
  [virtualMachineInstances, [object({ spec: fullMachine }), object({ spec: sampleSpec() })], 4],
  [
    virtualMachineInstancePresets,
    [object({ spec: { selector, domain: { cpu: { cores: 2 }, devices: { rng: {} } } } })],
    1,
  ],
  [virtualMachineInstanceReplicaSets, [object({ spec: { replicas: 2, selector, template } })], 1],
  [
    virtualMachinePools,
    [
      object({
        spec: {
          selector,
          virtualMachineTemplate: { metadata: template.metadata, spec: { runStrategy: "Always", template } },
          scaleInStrategy: {
            proactive: { selectionPolicy: { sortPolicy: "Oldest", selectors }, statePreservation: "Offline" },
          },
          updateStrategy: { proactive: { selectionPolicy: { sortPolicy: "Newest" } } },
          autohealing: { startUpFailureThreshold: 3, minFailingToStartDuration: "5m" },
          nameGeneration: { appendIndexToConfigMapRefs: true },
          maxUnavailable: "50%",
        },
      }),
    ],
    1,
  ],
  [virtualMachineInstanceMigrations, [object({ spec: { vmiName: "a", addedNodeSelector: { zone: "b" } } })], 1],
  [
    migrationPolicies,
    [
      object({
        spec: {
          selectors: { virtualMachineInstanceSelector: { app: "x" }, namespaceSelector: {} },
          bandwidthPerMigration: "64Mi",
          completionTimeoutPerGiB: 5,
          allowPostCopy: true,
        },
      }),
    ],
    1,
  ],
];

const api = await startInProcessApi();
const shares = subjects.reduce((sum, [, , share]) => sum + share, 0);

for (const [resource, manifests, share] of subjects) {
  const runs = Math.ceil((numRuns * share) / shares);
  for (const operation of ["create", "update"] as const) {
    test(`${Math.ceil(runs / 2)} mutated manifests: ${operation} ${resource.kind}`, async () => {
      const stored = operation === "update" ? [asJson(await api.store(resource, manifests[0] as object))] : undefined;
      const counts = { accepted: 0, refused: 0 };
      await fc.assert(
        fc.asyncProperty(mutated(stored ?? manifests), async (manifest) => {
          // As it comes: text, so that a name like __proto__ is one.
          const sent = JSON.parse(JSON.stringify(manifest)) as KubeObject;
          const started = process.cpuUsage();
          const verdict = await (operation === "create" ? api.create(resource, sent) : api.update(resource, "a", sent));
          const { user, system } = process.cpuUsage(started);
          assert.ok((user + system) / 1000 < longestMs, `took ${(user + system) / 1000} ms`);
          if ("refusal" in verdict) checkRefusal(verdict.refusal, manifest, resource);
          counts["refusal" in verdict ? "refused" : "accepted"] += 1;
        }),
        { numRuns: Math.ceil(runs / 2) },
      );
      // Else everything would be answered alike, for one reason.
      if (runs >= 1000) assert.ok(counts.refused > 0 && counts.accepted > 0, JSON.stringify(counts));
    });
  }
}

function checkRefusal(refusal: StatusError, manifest: Json, resource: Resource): void {
  assert.ok(refusal.code >= 400 && refusal.code < 500, `${refusal.code} ${refusal.message}`);
  const { schema } = api.kindOf(resource);
  for (const { field = "" } of refusal.details?.causes ?? [])
    assert.ok(isNamedField(field, manifest, schema), `no such field: ${field} (${refusal.message.slice(0, 300)})`);
}
