import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  dns1035Label,
  dns1123Label,
  dns1123Subdomain,
  type NameCheck,
  pathSegment,
  qualifiedName,
  validConfigKey,
  validLabelValue,
} from "./names.ts";
import { validateObjectMeta } from "./validate-object-meta.ts";

const good: [check: NameCheck, names: string[]][] = [
  [dns1123Label, ["a", "a-1", "1a", "a".repeat(63)]],
  [dns1123Subdomain, ["a.b-c.d", "1.2"]],
  [dns1035Label, ["a", "a-1"]],
  [qualifiedName, ["a", "A_b.c", "example.com/a"]],
  [validLabelValue, ["", "a", "A_b.c-1"]],
  [validConfigKey, ["a.b", "_x", "-"]],
  [pathSegment, ["system:node", "a b"]],
];
const bad: [check: NameCheck, names: string[]][] = [
  [dns1123Label, ["", "A", "-a", "a.", "a.b", "a".repeat(64)]],
  [dns1123Subdomain, ["", "a..b", "a_b", "a".repeat(254)]],
  [dns1035Label, ["1a"]],
  [qualifiedName, ["", "a/", "/a", "A.b/c", "a/b/c", "a".repeat(64)]],
  [validLabelValue, ["-a", "a b"]],
  [validConfigKey, ["", "a/b", "..", "..a"]],
  [pathSegment, ["..", "a/b", "a%b"]],
];

describe("names", () => {
  for (const [check, names] of good)
    for (const name of names) test(`good: ${name.slice(0, 20)}`, () => assert.deepEqual(check(name), []));
  for (const [check, names] of bad)
    for (const name of names) test(`bad: ${name.slice(0, 20)}`, () => assert.notEqual(check(name).length, 0));
});

test("a bad name is explained in Kubernetes' words", () => {
  assert.deepEqual(dns1123Subdomain("Web"), [
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  ]);
});

test("metadata is checked field by field", () => {
  const causes = validateObjectMeta(
    {
      name: "ok",
      labels: { "a b": "x" },
      finalizers: ["no good"],
      ownerReferences: [
        { apiVersion: "v1", kind: "Pod", name: "a", uid: "1", controller: true },
        { apiVersion: "v1", kind: "Pod", name: "", uid: "2", controller: true },
      ],
    },
    { namespaced: true, nameCheck: dns1123Subdomain },
  );
  assert.deepEqual(
    causes.map(({ field, reason }) => [field, reason]),
    [
      ["metadata.namespace", "FieldValueRequired"],
      ["metadata.labels", "FieldValueInvalid"],
      ["metadata.finalizers[0]", "FieldValueInvalid"],
      ["metadata.ownerReferences[1].name", "FieldValueRequired"],
      ["metadata.ownerReferences", "FieldValueInvalid"],
    ],
  );
});
