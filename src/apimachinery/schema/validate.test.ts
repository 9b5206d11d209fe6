import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "../../base/property.fixture.ts";
import { builtinSchema } from "./builtin-schemas.ts";
import { customSchema } from "./custom-schema.ts";
import { defaultObject } from "./default.ts";
import { pruneObject } from "./prune.ts";
import type { Schema } from "./schema.ts";
import { validateObject } from "./validate.ts";

const integer: Schema = { type: "integer" };
const text: Schema = { type: "string" };

describe("a value is refused in Kubernetes' words", () => {
  const cases: [name: string, schema: Schema, value: unknown, field: string, message: string][] = [
    [
      "type",
      { type: "object", properties: { a: integer } },
      { a: "x" },
      "a",
      'Invalid value: "string": a in body must be of type integer: "string"',
    ],
    [
      "null",
      { type: "object", properties: { a: text } },
      { a: null },
      "a",
      'Invalid value: "null": a in body must be of type string: "null"',
    ],
    ["required", { type: "object", required: ["a"], properties: { a: text } }, {}, "a", "Required value"],
    [
      "enum",
      { type: "object", properties: { a: { type: "string", enum: ["y", "x"] } } },
      { a: "z" },
      "a",
      'Unsupported value: "z": supported values: "x", "y"',
    ],
    [
      "pattern",
      { type: "object", properties: { a: { type: "string", pattern: "^[a-z]+$" } } },
      { a: "A" },
      "a",
      "Invalid value: \"A\": a in body should match '^[a-z]+$'",
    ],
    [
      "minimum",
      { type: "object", properties: { a: { type: "integer", minimum: 1 } } },
      { a: 0 },
      "a",
      "Invalid value: 0: a in body should be greater than or equal to 1",
    ],
    [
      "exclusive maximum",
      { type: "object", properties: { a: { type: "integer", maximum: 5, exclusiveMaximum: true } } },
      { a: 5 },
      "a",
      "Invalid value: 5: a in body should be less than 5",
    ],
    [
      "multipleOf",
      { type: "object", properties: { a: { type: "integer", multipleOf: 4 } } },
      { a: 6 },
      "a",
      "Invalid value: 6: a in body should be a multiple of 4",
    ],
    [
      "minLength",
      { type: "object", properties: { a: { type: "string", minLength: 2 } } },
      { a: "😀" },
      "a",
      'Invalid value: "😀": a in body should be at least 2 chars long',
    ],
    [
      "maxLength",
      { type: "object", properties: { a: { type: "string", maxLength: 1 } } },
      { a: "ab" },
      "a",
      "Too long: may not be more than 1 bytes",
    ],
    [
      "maxItems",
      { type: "object", properties: { a: { type: "array", maxItems: 1, items: integer } } },
      { a: [1, 2] },
      "a",
      "Too many: 2: must have at most 1 items",
    ],
    [
      "items",
      { type: "object", properties: { a: { type: "array", items: integer } } },
      { a: [1, "2"] },
      "a[1]",
      'Invalid value: "string": a[1] in body must be of type integer: "string"',
    ],
    [
      "keys of maps",
      { type: "object", additionalProperties: integer },
      { b: true },
      "b",
      'Invalid value: "boolean": b in body must be of type integer: "boolean"',
    ],
    [
      "set",
      { type: "object", properties: { a: { type: "array", "x-kubernetes-list-type": "set", items: text } } },
      { a: ["x", "x"] },
      "a[1]",
      'Duplicate value: "x"',
    ],
    [
      "int-or-string",
      { type: "object", properties: { a: { "x-kubernetes-int-or-string": true } } },
      { a: 1.5 },
      "a",
      'Invalid value: "number": a in body must be of type integer,string: "number"',
    ],
    [
      "format",
      { type: "object", properties: { a: { type: "string", format: "date-time" } } },
      { a: "now" },
      "a",
      'Invalid value: "now": a in body must be of type date-time: "now"',
    ],
    [
      "oneOf",
      { type: "object", oneOf: [{ required: ["a"] }, { required: ["b"] }], properties: { a: text, b: text } },
      { a: "", b: "" },
      "",
      'Invalid value: "": "" must validate one and only one schema (oneOf). Found 2 valid',
    ],
    [
      "not",
      { type: "object", properties: { a: { type: "string", not: { enum: ["x"] } } } },
      { a: "x" },
      "a",
      'Invalid value: "x": "a" must not validate the schema (not)',
    ],
  ];
  for (const [name, schema, value, field, message] of cases) {
    test(name, () => {
      const [cause, ...others] = validateObject(schema, value);
      assert.deepEqual([cause?.field, cause?.message, others], [field, message, []]);
    });
  }
});

test("the items of a keyed list are told apart by their keys with defaults", () => {
  const port: Schema = { type: "object", properties: { port: integer, protocol: { type: "string", default: "TCP" } } };
  const ports: Schema = {
    type: "array",
    items: port,
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["port", "protocol"],
  };
  const causes = validateObject(
    ports,
    [{ port: 1 }, { port: 1, protocol: "UDP" }, { port: 1, protocol: "TCP" }],
    {},
    "ports",
  );
  assert.deepEqual(causes, [
    { reason: "FieldValueDuplicate", field: "ports[2]", message: 'Duplicate value: {"port":1,"protocol":"TCP"}' },
  ]);
});

test("a built-in kind: null is absent, and repeated items are left to its own rules", () => {
  const pod = builtinSchema({ group: "", version: "v1", kind: "Pod" });
  assert.ok(pod);
  const object = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "a", creationTimestamp: null },
    spec: {
      containers: [
        { name: "c", image: "i" },
        { name: "c", image: "i", command: null },
      ],
      volumes: [{}],
    },
  };
  assert.deepEqual(
    validateObject(pod, object, { builtin: true }).map(({ field, message }) => `${field}: ${message}`),
    ["spec.volumes[0].name: Required value"],
  );
});

test("a built-in kind: counters of a status may be left out", () => {
  const replicaSet = builtinSchema({ group: "apps", version: "v1", kind: "ReplicaSet" });
  assert.ok(replicaSet);
  const object = { spec: { selector: {} }, status: {} };
  assert.deepEqual(validateObject(replicaSet, object, { builtin: true }), []);
});

test("an evil pattern does not hang", () => {
  const schema: Schema = { type: "string", pattern: "^(a+)+$" };
  const started = performance.now();
  assert.equal(validateObject(schema, `${"a".repeat(2000)}b`).length, 1);
  assert.ok(performance.now() - started < 2000);
});

describe("pruning", () => {
  const schema = customSchema({
    type: "object",
    properties: {
      spec: {
        type: "object",
        properties: {
          known: text,
          list: { type: "array", items: { type: "object", properties: { a: text } } },
          map: { type: "object", additionalProperties: { type: "object", properties: { a: text } } },
          free: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
        },
      },
    },
  });

  test("drops unknown fields and names them", () => {
    const object = {
      apiVersion: "x/v1",
      kind: "X",
      metadata: { name: "n", labels: { any: "thing" }, oops: 1 },
      spec: { known: "", other: 1, list: [{ a: "" }, { b: 1 }], map: { k: { a: "", b: 1 } }, free: { x: { y: 1 } } },
    };
    assert.deepEqual(pruneObject(schema, object), ["metadata.oops", "spec.other", "spec.list[1].b", "spec.map.k.b"]);
    assert.deepEqual(object.spec, { known: "", list: [{ a: "" }, {}], map: { k: { a: "" } }, free: { x: { y: 1 } } });
  });

  test("takes what is unset in Go as absent in a built-in kind", () => {
    const service = builtinSchema({ group: "", version: "v1", kind: "Service" });
    assert.ok(service);
    const object = { spec: { type: "", clusterIP: "", ports: [{ port: 80, protocol: "", name: null }] } };
    assert.deepEqual(pruneObject(service, object, { dropNulls: true }), []);
    assert.deepEqual(object, { spec: { clusterIP: "", ports: [{ port: 80 }] } });
  });

  test("takes null in metadata as absent, elsewhere not", () => {
    const object = { metadata: { creationTimestamp: null, name: "a" }, spec: { known: null } };
    assert.deepEqual(pruneObject(schema, object), []);
    assert.deepEqual(object, { metadata: { name: "a" }, spec: { known: null } });
  });

  test("is not fooled by names of the prototype", () => {
    const object = JSON.parse('{"spec":{"constructor":{},"__proto__":{"a":1},"toString":1}}') as object;
    assert.deepEqual(pruneObject(schema, object).sort(), ["spec.__proto__", "spec.constructor", "spec.toString"]);
  });
});

describe("defaulting", () => {
  const schema: Schema = {
    type: "object",
    properties: {
      a: { type: "object", default: {}, properties: { b: { type: "integer", default: 1 } } },
      list: { type: "array", items: { type: "object", properties: { c: { type: "string", default: "x" } } } },
      gone: { type: "string", default: "d" },
    },
  };

  test("fills in nested defaults, also into items and instead of null", () => {
    const object = { list: [{}, { c: "y" }], gone: null };
    defaultObject(schema, object);
    assert.deepEqual(object, { a: { b: 1 }, list: [{ c: "x" }, { c: "y" }], gone: "d" });
  });

  test("of built-in kinds are Kubernetes'", () => {
    const pod = builtinSchema({ group: "", version: "v1", kind: "Pod" });
    assert.ok(pod);
    const object = { spec: { containers: [{ name: "a", ports: [{ containerPort: 1 }] }] } };
    defaultObject(pod, object);
    assert.deepEqual(object.spec, {
      containers: [
        {
          name: "a",
          ports: [{ containerPort: 1, protocol: "TCP" }],
          resources: {},
          terminationMessagePath: "/dev/termination-log",
          terminationMessagePolicy: "File",
        },
      ],
      dnsPolicy: "ClusterFirst",
      enableServiceLinks: true,
      restartPolicy: "Always",
      schedulerName: "default-scheduler",
      securityContext: {},
      terminationGracePeriodSeconds: 30,
    });
  });
});

describe("whatever the value", () => {
  const schemas = ["Pod", "Service", "PersistentVolumeClaim", "Secret"].map((kind) => {
    const schema = builtinSchema({ group: "", version: "v1", kind });
    assert.ok(schema);
    return schema;
  });
  const names = ["spec", "metadata", "containers", "ports", "labels", "template", "volumes", "data"];
  const json = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      fc.oneof(fc.string(), fc.integer(), fc.double({ noNaN: true }), fc.boolean(), fc.constant(null)),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...names), tie("value"), { noNullPrototype: true }),
    ),
  })).value;

  test("pruning, defaulting and validating end without an exception", () => {
    fc.assert(
      fc.property(json, fc.constantFrom(...schemas), (value, schema) => {
        pruneObject(schema, value, { dropNulls: true });
        defaultObject(schema, value);
        assert.ok(Array.isArray(validateObject(schema, value, { builtin: true })));
      }),
    );
  });

  test("pruning and defaulting twice changes nothing more", () => {
    fc.assert(
      fc.property(json, fc.constantFrom(...schemas), (value, schema) => {
        pruneObject(schema, value);
        defaultObject(schema, value);
        const once = structuredClone(value);
        assert.deepEqual(pruneObject(schema, value), []);
        defaultObject(schema, value);
        assert.deepEqual(value, once);
      }),
    );
  });
});
