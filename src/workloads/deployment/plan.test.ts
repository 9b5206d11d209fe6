import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../base/property.fixture.ts";
import type { Deployment, ReplicaSet } from "../../../api/apps.ts";
import { bounds, planDeployment, revisionOf } from "./plan.ts";
import { deployment, DeploymentWorld, replicaSet } from "./world.fixture.ts";

const observe = (
  wanted: Deployment,
  replicaSets: ReplicaSet[],
  more: Partial<Parameters<typeof planDeployment>[0]> = {},
) => planDeployment({ deployment: wanted, replicaSets, orphans: [], pods: [], nowMs: 0, ...more });

const roundings: [replicas: number, surge: string | number, unavailable: string | number, expected: object][] = [
  [10, "25%", "25%", { surge: 3, unavailable: 2 }],
  [1, "25%", "25%", { surge: 1, unavailable: 0 }],
  [3, 0, "10%", { surge: 0, unavailable: 1 }],
  [4, 2, 1, { surge: 2, unavailable: 1 }],
  [0, "25%", "25%", { surge: 0, unavailable: 1 }],
];
for (const [replicas, maxSurge, maxUnavailable, expected] of roundings)
  test(`${replicas} replicas with surge ${maxSurge} and unavailable ${maxUnavailable}`, () => {
    const strategy = { type: "RollingUpdate", rollingUpdate: { maxSurge, maxUnavailable } } as const;
    assert.deepEqual(bounds(deployment({ replicas, strategy })), expected);
  });

test("a new deployment gets a ReplicaSet of full size and revision 1", () => {
  const [action, ...others] = observe(deployment({ replicas: 3 }), []);
  assert.deepEqual(others, []);
  assert.ok(action?.kind === "create");
  assert.deepEqual([action.replicas, action.revision], [3, 1]);
});

test("a rollback moves the old ReplicaSet to the front instead of making another", () => {
  const sets = [replicaSet("a", { image: "one", revision: 1 }), replicaSet("b", { image: "two", revision: 2 })];
  const [action] = observe(deployment({ image: "one" }), sets);
  assert.ok(action?.kind === "refresh");
  assert.deepEqual([action.replicaSet.metadata?.name, action.revision], ["a", 3]);
});

test("a paused deployment follows its size but not its template", () => {
  const sets = [replicaSet("a", { image: "one", replicas: 3 })];
  assert.deepEqual(observe(deployment({ image: "two", replicas: 3, paused: true }), sets), []);
  const [action] = observe(deployment({ image: "two", replicas: 5, paused: true }), sets);
  assert.ok(action?.kind === "scale");
  assert.deepEqual([action.replicaSet.metadata?.name, action.replicas], ["a", 5]);
});

test("Recreate waits for an old pod that still terminates", () => {
  const wanted = deployment({ image: "two", strategy: { type: "Recreate" } });
  const old = replicaSet("a", { image: "one", replicas: 0 });
  const ownerReferences = [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: "a", uid: "a", controller: true }];
  const ending = { metadata: { name: "p", deletionTimestamp: "2026-01-01T00:00:00Z", ownerReferences } };
  assert.deepEqual(observe(wanted, [old], { pods: [ending] }), []);
  assert.equal(observe(wanted, [old])[0]?.kind, "create");
});

test("nothing moves on a status of an earlier size", () => {
  const current = replicaSet("a", { image: "one", replicas: 3 });
  const unseen = { ...current, metadata: { ...current.metadata, generation: 2 } };
  assert.deepEqual(observe(deployment({ image: "two", replicas: 3 }), [unseen]), []);
});

test("of the emptied ReplicaSets only the newest revisionHistoryLimit stay", () => {
  const old = [1, 2, 3, 4].map((revision) =>
    replicaSet(`r${revision}`, { image: `${revision}`, replicas: 0, revision }),
  );
  const current = replicaSet("r5", { image: "5", replicas: 1, available: 1, revision: 5 });
  const actions = observe(deployment({ image: "5", replicas: 1, revisionHistoryLimit: 2 }), [...old, current]);
  const deleted = actions.map((action) => (action.kind === "delete" ? action.replicaSet.metadata?.name : action.kind));
  assert.deepEqual(deleted, ["r1", "r2"]);
});

test("an orphan that the selector matches is adopted before anything is made", () => {
  const actions = observe(deployment({}), [], { orphans: [replicaSet("a", { image: "one" })] });
  assert.deepEqual(
    actions.map(({ kind }) => kind),
    ["adopt"],
  );
});

test("a deployment that is being deleted is left to the garbage collector", () => {
  const leaving = deployment({ replicas: 3 });
  leaving.metadata = { ...leaving.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" };
  assert.deepEqual(observe(leaving, []), []);
});

const shape = fc.record({
  replicas: fc.integer({ min: 0, max: 6 }),
  maxSurge: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom("25%", "50%", "100%")),
  maxUnavailable: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom("0%", "25%", "50%")),
});
const step = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ kind: "plan" as const }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("sets" as const), which: fc.nat(3) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("ready" as const), which: fc.nat(12) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("template" as const), which: fc.nat(2) }) },
);

test("however slow the pods and the other controller are, a rollout stays within its bounds and arrives", () => {
  fc.assert(
    fc.property(shape, fc.array(step, { maxLength: 80 }), ({ replicas, maxSurge, maxUnavailable }, steps) => {
      const strategy = { type: "RollingUpdate", rollingUpdate: { maxSurge, maxUnavailable } } as const;
      const world = new DeploymentWorld(deployment({ replicas, strategy, image: "image-0" }));
      world.settle();
      const { surge, unavailable } = bounds(world.deployment);
      for (const each of steps) {
        world.step(each);
        assert.ok(world.pods.length <= replicas + surge, `${world.pods.length} pods`);
        assert.ok(world.available() >= replicas - unavailable, `${world.available()} available`);
      }
      world.settle();
      const { image } = world;
      assert.deepEqual(
        world.pods.map((pod) => pod.image),
        Array.from({ length: replicas }, () => image),
      );
      const revisions = world.sets.map(revisionOf);
      assert.equal(new Set(revisions).size, revisions.length, "each revision is of one ReplicaSet");
    }),
    { numRuns: 300 },
  );
});
