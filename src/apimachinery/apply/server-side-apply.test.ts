import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "../../base/property.fixture.ts";
import type { KubeObject } from "../../../api/meta.ts";
import { isStatus } from "../../base/errors.ts";
import { builtinSchema } from "../schema/builtin-schemas.ts";
import type { Schema } from "../schema/schema.ts";
import { serverSideApply } from "./server-side-apply.ts";
import { trackUpdate } from "./track-update.ts";

const schemaOf = (group: string, kind: string): Schema => {
  const schema = builtinSchema({ group, version: "v1", kind });
  assert.ok(schema);
  return schema;
};
const deployment = schemaOf("apps", "Deployment");
const configMap = schemaOf("", "ConfigMap");
const now = "2026-01-01T00:00:00Z";
const later = "2026-01-02T00:00:00Z";

type Json = Record<string, unknown>;

const web = (spec: Json, metadata: Json = {}): KubeObject =>
  ({ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web", ...metadata }, spec }) as KubeObject;
const podTemplate = (...containers: Json[]) => ({ template: { spec: { containers } } });

interface Applying {
  manager?: string;
  force?: boolean;
  schema?: Schema;
  now?: string;
}

function apply(live: KubeObject | undefined, applied: KubeObject, options: Applying = {}): KubeObject {
  const { manager = "alice", force = false, schema = deployment } = options;
  return serverSideApply({ live, applied, manager, force, schema, subresource: "", now: options.now ?? now });
}

function update(before: KubeObject | undefined, after: KubeObject, manager: string, schema = deployment): KubeObject {
  return trackUpdate({ before, after, manager, subresource: "", schema, now });
}

function fieldsOwnedBy(object: KubeObject, manager: string): unknown {
  return object.metadata?.managedFields?.find((entry) => entry.manager === manager)?.fieldsV1;
}

function spec(object: KubeObject): Json {
  return (object as { spec: Json }).spec;
}

describe("the first apply", () => {
  const created = apply(
    undefined,
    web(
      { replicas: 1, ...podTemplate({ name: "a", image: "x", ports: [{ containerPort: 80 }] }) },
      { labels: { app: "w" } },
    ),
  );

  test("records what was applied, in Kubernetes' notation", () => {
    assert.deepEqual(created.metadata?.managedFields, [
      {
        manager: "alice",
        operation: "Apply",
        apiVersion: "apps/v1",
        time: now,
        fieldsType: "FieldsV1",
        fieldsV1: {
          "f:metadata": { "f:labels": { "f:app": {} } },
          "f:spec": {
            "f:replicas": {},
            "f:template": {
              "f:spec": {
                "f:containers": {
                  'k:{"name":"a"}': {
                    ".": {},
                    "f:image": {},
                    "f:name": {},
                    "f:ports": {
                      'k:{"containerPort":80,"protocol":"TCP"}': { ".": {}, "f:containerPort": {} },
                    },
                  },
                },
              },
            },
          },
        },
      },
    ]);
  });

  test("keeps the object as it was applied", () => {
    assert.deepEqual(spec(created), {
      replicas: 1,
      ...podTemplate({ name: "a", image: "x", ports: [{ containerPort: 80 }] }),
    });
  });
});

describe("applying again", () => {
  test("removes a field that is applied no more", () => {
    const first = apply(undefined, web({ replicas: 1, paused: true }));
    assert.deepEqual(spec(apply(first, web({ replicas: 1 }))), { replicas: 1 });
  });

  test("removes an item of a keyed list that is applied no more", () => {
    const first = apply(undefined, web(podTemplate({ name: "a" }, { name: "b" })));
    assert.deepEqual(spec(apply(first, web(podTemplate({ name: "b" })))), podTemplate({ name: "b" }));
  });

  test("removes a label that is applied no more, not those of others", () => {
    const first = apply(undefined, web({}, { labels: { mine: "1" } }));
    const second = apply(first, web({}, { labels: { theirs: "1" } }), { manager: "bob" });
    const third = apply(second, web({}));
    assert.deepEqual(third.metadata?.labels, { theirs: "1" });
  });

  test("keeps a field that another manager applies as well", () => {
    const first = apply(undefined, web({ replicas: 1, paused: true }));
    const second = apply(first, web({ paused: true }), { manager: "bob" });
    assert.deepEqual(spec(apply(second, web({ replicas: 1 }))), { replicas: 1, paused: true });
  });

  test("keeps what the server added and nobody owns", () => {
    const first = apply(undefined, web({ replicas: 1 }));
    const live = { ...first, spec: { replicas: 1, revisionHistoryLimit: 10 } };
    assert.deepEqual(spec(apply(live, web({ replicas: 2 }))), { replicas: 2, revisionHistoryLimit: 10 });
  });

  test("does not touch identity", () => {
    const first = apply(undefined, web({}, { labels: { a: "1" } }));
    const live = { ...first, metadata: { ...first.metadata, uid: "u", resourceVersion: "5" } };
    const { labels: _labels, managedFields: _managed, ...metadata } = apply(live, web({})).metadata ?? {};
    assert.deepEqual(metadata, { name: "web", uid: "u", resourceVersion: "5" });
  });

  test("keeps the time when nothing changed", () => {
    const first = apply(undefined, web({ replicas: 1 }));
    assert.deepEqual(apply(first, web({ replicas: 1 }), { now: later }), first);
    assert.equal(apply(first, web({ replicas: 2 }), { now: later }).metadata?.managedFields?.[0]?.time, later);
  });

  test("merges keyed lists: applied items in their order, others where they were", () => {
    const live = update(undefined, web(podTemplate({ name: "x" }, { name: "b" }, { name: "y" }, { name: "a" })), "cli");
    const result = apply(live, web(podTemplate({ name: "a", image: "1" }, { name: "new" })));
    const containers = (spec(result) as { template: { spec: { containers: { name: string }[] } } }).template.spec
      .containers;
    assert.deepEqual(
      containers.map(({ name }) => name),
      ["x", "b", "y", "a", "new"],
    );
  });

  test("replaces atomic lists", () => {
    const first = apply(undefined, web(podTemplate({ name: "a", args: ["1", "2"] })));
    assert.deepEqual(
      spec(apply(first, web(podTemplate({ name: "a", args: ["3"] })))),
      podTemplate({ name: "a", args: ["3"] }),
    );
  });
});

describe("a conflict", () => {
  const owned = apply(undefined, web({ replicas: 1, paused: false, ...podTemplate({ name: "a", image: "x" }) }));

  test("names the manager and the field", () => {
    assert.throws(
      () => apply(owned, web({ replicas: 2 }), { manager: "bob" }),
      (error) => {
        assert.ok(isStatus(error, "Conflict"));
        assert.equal(error.message, 'Apply failed with 1 conflict: conflict with "alice": .spec.replicas');
        assert.deepEqual(error.details?.causes, [
          { reason: "FieldManagerConflict", message: 'conflict with "alice"', field: ".spec.replicas" },
        ]);
        return true;
      },
    );
  });

  test("lists several fields", () => {
    const change = web({ replicas: 2, ...podTemplate({ name: "a", image: "y" }) });
    assert.throws(() => apply(owned, change, { manager: "bob" }), {
      message:
        'Apply failed with 2 conflicts: conflicts with "alice":\n- .spec.replicas\n- .spec.template.spec.containers[name="a"].image',
    });
  });

  test("with a manager that updates says through which version", () => {
    const updated = update(owned, web({ ...spec(owned), replicas: 5 }), "kubectl-edit");
    assert.throws(() => apply(updated, web({ replicas: 2 })), {
      message: 'Apply failed with 1 conflict: conflict with "kubectl-edit" using apps/v1: .spec.replicas',
    });
  });

  test("is none when the value is the same: both own it", () => {
    const shared = apply(owned, web({ replicas: 1 }), { manager: "bob" });
    assert.deepEqual(fieldsOwnedBy(shared, "bob"), { "f:spec": { "f:replicas": {} } });
    assert.ok((fieldsOwnedBy(shared, "alice") as { "f:spec": Json })["f:spec"]["f:replicas"]);
  });

  test("is overcome by force, which takes the field away", () => {
    const forced = apply(owned, web({ replicas: 2 }), { manager: "bob", force: true });
    assert.equal(spec(forced)["replicas"], 2);
    assert.equal((fieldsOwnedBy(forced, "alice") as { "f:spec": Json })["f:spec"]["f:replicas"], undefined);
  });

  test("protects an object from before the first apply", () => {
    assert.throws(() => apply(web({ replicas: 1 }), web({ replicas: 2 })), {
      message: 'Apply failed with 1 conflict: conflict with "before-first-apply" using apps/v1: .spec.replicas',
    });
  });
});

describe("an update", () => {
  test("owns what it changes and takes it from others", () => {
    const applied = apply(undefined, web({ replicas: 1, paused: true }));
    const { managedFields: _managed, ...metadata } = applied.metadata ?? {};
    const updated = update(applied, { ...applied, metadata, spec: { replicas: 2, paused: true } } as KubeObject, "hpa");
    assert.deepEqual(fieldsOwnedBy(updated, "alice"), { "f:spec": { "f:paused": {} } });
    assert.deepEqual(fieldsOwnedBy(updated, "hpa"), { "f:spec": { "f:replicas": {} } });
  });

  test("that removes a field removes it from its owners", () => {
    const applied = apply(undefined, web({ replicas: 1, paused: true }));
    const updated = update(applied, { ...applied, spec: { replicas: 1 } } as KubeObject, "cli");
    assert.deepEqual(fieldsOwnedBy(updated, "alice"), { "f:spec": { "f:replicas": {} } });
    assert.equal(fieldsOwnedBy(updated, "cli"), undefined);
  });

  test("owns new maps and items themselves", () => {
    const created = update(undefined, web(podTemplate({ name: "a" }), { labels: { app: "w" } }), "cli");
    assert.deepEqual(fieldsOwnedBy(created, "cli"), {
      "f:metadata": { "f:labels": { ".": {}, "f:app": {} } },
      "f:spec": {
        "f:template": {
          ".": {},
          "f:spec": { ".": {}, "f:containers": { ".": {}, 'k:{"name":"a"}': { ".": {}, "f:name": {} } } },
        },
      },
    });
  });

  test("may reset the managers with one empty entry", () => {
    const applied = apply(undefined, web({ replicas: 1 }));
    const reset = { ...applied, metadata: { ...applied.metadata, managedFields: [{}] } };
    assert.equal(update(applied, reset, "cli").metadata?.managedFields, undefined);
  });

  test("keeps at most ten managers that update", () => {
    let live = update(undefined, web({}, { labels: { l0: "0" } }), "m0");
    for (let index = 1; index < 15; index += 1) {
      const labels = { ...live.metadata?.labels, [`l${index}`]: "x" };
      live = update(live, { ...live, metadata: { ...live.metadata, labels } }, `m${index}`);
    }
    const managers = live.metadata?.managedFields ?? [];
    assert.equal(managers.length, 10);
    assert.ok(fieldsOwnedBy(live, "ancient-changes"));
  });
});

describe("properties", () => {
  const data = fc.dictionary(fc.constantFrom("a", "b", "c"), fc.constantFrom("1", "2"), { noNullPrototype: true });
  const config = (content: Record<string, string>): KubeObject =>
    ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c" }, data: content }) as KubeObject;
  const force = { force: true, schema: configMap };

  test("applying twice is applying once", () => {
    fc.assert(
      fc.property(data, data, (before, wanted) => {
        const once = apply(update(undefined, config(before), "cli", configMap), config(wanted), force);
        assert.deepEqual(apply(once, config(wanted), { ...force, now: later }), once);
      }),
    );
  });

  test("everything that is applied is there afterwards", () => {
    fc.assert(
      fc.property(data, data, (before, wanted) => {
        const result = apply(apply(undefined, config(before), { ...force, manager: "bob" }), config(wanted), force);
        const content = (result as { data?: Json }).data ?? {};
        for (const [key, value] of Object.entries(wanted)) assert.equal(content[key], value);
      }),
    );
  });

  test("what one manager applied and gave up is gone", () => {
    fc.assert(
      fc.property(data, (wanted) => {
        const result = apply(apply(undefined, config(wanted), force), config({}), force);
        assert.deepEqual((result as { data?: Json }).data ?? {}, {});
      }),
    );
  });

  const container = fc.record(
    { name: fc.constantFrom("a", "b", "c"), image: fc.constantFrom("1", "2"), stdin: fc.boolean() },
    { requiredKeys: ["name"], noNullPrototype: true },
  );
  const pods = fc.uniqueArray(container, { selector: ({ name }) => name }).map((all) => web(podTemplate(...all)));
  const containersOf = (object: KubeObject) =>
    (spec(object) as { template?: { spec?: { containers?: { name: string }[] } } }).template?.spec?.containers ?? [];

  test("lists merge item by item: every applied item is there once, in the applied order, with its fields", () => {
    fc.assert(
      fc.property(pods, pods, (first, second) => {
        const result = apply(apply(undefined, first, { manager: "bob" }), second, { force: true });
        const items = containersOf(result);
        const names = items.map(({ name }) => name);
        const wanted = containersOf(second);
        assert.equal(new Set(names).size, names.length);
        assert.deepEqual(
          names.filter((name) => wanted.some((item) => item.name === name)),
          wanted.map(({ name }) => name),
        );
        for (const item of wanted)
          assert.deepEqual(
            { ...items.find(({ name }) => name === item.name), ...item },
            items.find(({ name }) => name === item.name),
          );
        assert.deepEqual(apply(result, second, { force: true, now: later }), result);
      }),
    );
  });

  test("there is a conflict exactly when a value of another owner would change", () => {
    fc.assert(
      fc.property(pods, pods, (first, second) => {
        const live = apply(undefined, first, { manager: "bob" });
        const differs = containersOf(second).some((item) => {
          const other = containersOf(first).find(({ name }) => name === item.name) as Json | undefined;
          return other && Object.entries(item).some(([key, value]) => key in other && other[key] !== value);
        });
        if (differs) assert.throws(() => apply(live, second), { reason: "Conflict" });
        else apply(live, second);
      }),
    );
  });

  test("the order in which managers apply different fields does not matter", () => {
    const mine = fc.dictionary(fc.constantFrom("a", "b"), fc.constantFrom("1", "2"), { noNullPrototype: true });
    const theirs = fc.dictionary(fc.constantFrom("x", "y"), fc.constantFrom("1", "2"), { noNullPrototype: true });
    const options = { schema: configMap };
    fc.assert(
      fc.property(mine, theirs, (left, right) => {
        const one = apply(apply(undefined, config(left), { ...options, manager: "l" }), config(right), {
          ...options,
          manager: "r",
        });
        const two = apply(apply(undefined, config(right), { ...options, manager: "r" }), config(left), {
          ...options,
          manager: "l",
        });
        assert.deepEqual(one, two);
      }),
    );
  });
});
