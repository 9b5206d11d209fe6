import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { deployments } from "../../../api/apps.ts";
import { nodes, pods } from "../../../api/core.ts";
import { customResourceDefinitions } from "../../../api/kubevirt/crds.ts";
import type { Resource } from "../../../api/meta.ts";
import type { Schema } from "../schema/schema.ts";
import { encodeOpenApiV2 } from "./encode-openapi-v2.ts";
import { openApiV2 } from "./openapi-v2.ts";
import { openApiV3, openApiV3Index } from "./openapi-v3.ts";
import type { PublishedKind } from "./published-kind.ts";

const verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

function builtin(resource: Resource, subresources: string[]): PublishedKind {
  return { ...resource, listKind: `${resource.kind}List`, verbs, subresources };
}

function custom(kind: string): PublishedKind {
  const definition = customResourceDefinitions().find(({ spec }) => spec.names.kind === kind);
  assert.ok(definition);
  const { group, names, versions } = definition.spec;
  const openApiSchema = versions[0]?.schema?.openAPIV3Schema as Schema;
  const { plural } = names;
  const version = versions[0]?.name ?? "";
  return {
    group,
    version,
    kind,
    plural,
    listKind: `${kind}List`,
    namespaced: true,
    verbs,
    subresources: [],
    openApiSchema,
  };
}

const published = [builtin(pods, ["status"]), builtin(nodes, ["status"])];
const machine = custom("VirtualMachine");

interface Operation {
  parameters: { name: string }[];
  "x-kubernetes-group-version-kind": unknown;
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

describe("the v3 document", () => {
  const document = openApiV3([...published, machine], "v1.32.0") as unknown as Document;

  test("says that PATCH takes fieldValidation, which makes kubectl leave validation to the server", () => {
    const patch = document.paths["/api/v1/namespaces/{namespace}/pods/{name}"]?.["patch"];
    assert.ok(patch?.parameters.some(({ name }) => name === "fieldValidation"));
    assert.deepEqual(patch?.["x-kubernetes-group-version-kind"], { group: "", version: "v1", kind: "Pod" });
    assert.ok(document.paths["/api/v1/nodes/{name}/status"]);
  });

  test("defines everything that it refers to", () => {
    const referred = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)];
    for (const [, name = ""] of referred) assert.ok(document.components.schemas[name], `${name} is not defined`);
  });

  test("has custom kinds under their reversed group, with real metadata", () => {
    const schema = document.components.schemas["io.kubevirt.v1.VirtualMachine"];
    assert.deepEqual(schema?.["x-kubernetes-group-version-kind"], [
      { group: "kubevirt.io", version: "v1", kind: "VirtualMachine" },
    ]);
    assert.match(schema?.properties?.["metadata"]?.allOf?.[0]?.$ref ?? "", /ObjectMeta$/);
    assert.ok(document.components.schemas["io.kubevirt.v1.VirtualMachineList"]);
  });

  test("is found through the index under a hash of its text", () => {
    const index = openApiV3Index([
      { group: "", version: "v1", text: "a" },
      { group: "apps", version: "v1", text: "b" },
    ]) as { paths: Record<string, { serverRelativeURL: string }> };
    assert.deepEqual(Object.keys(index.paths), ["api/v1", "apis/apps/v1"]);
    assert.match(
      index.paths["apis/apps/v1"]?.serverRelativeURL ?? "",
      /^\/openapi\/v3\/apis\/apps\/v1\?hash=[0-9A-F]{64}$/,
    );
  });
});

describe("the v2 document", () => {
  const document = openApiV2([...published, builtin(deployments, ["status", "scale"]), machine], "v1.32.0");

  test("uses nothing that Swagger 2.0 does not know", () => {
    const text = JSON.stringify(document.definitions);
    for (const keyword of ['"anyOf"', '"oneOf"', '"allOf"', '"nullable"', "#/components/"]) {
      assert.ok(!text.includes(keyword), `${keyword} in an OpenAPI v2 document`);
    }
  });

  test("encodes to a protobuf document with every definition and path", () => {
    const fields = readFields(encodeOpenApiV2(document));
    assert.equal(Buffer.from(fields.get(1)?.[0] ?? "").toString(), "2.0");
    assert.deepEqual(names(fields, 9, 1), Object.keys(document.definitions));
    assert.deepEqual(names(fields, 8, 2), Object.keys(document.paths));
  });
});

type Fields = Map<number, Uint8Array[]>;

/** The length-delimited fields of a message. */
function readFields(bytes: Uint8Array): Fields {
  const reader = new BinaryReader(bytes);
  const fields: Fields = new Map();
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (type === WireType.LengthDelimited) fields.set(field, [...(fields.get(field) ?? []), reader.bytes()]);
    else reader.skip(type);
  }
  return fields;
}

/** The names of a map that is written as a list of named entries inside a message field. */
function names(fields: Fields, messageField: number, entryField: number): string[] {
  const entries = readFields(fields.get(messageField)?.[0] ?? new Uint8Array()).get(entryField) ?? [];
  return entries.map((entry) => Buffer.from(readFields(entry).get(1)?.[0] ?? "").toString());
}
