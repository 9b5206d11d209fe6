import assert from "node:assert/strict";
import { test } from "node:test";
import { customResourceDefinitions } from "./crds.ts";

const definitions = customResourceDefinitions();

function definitionOf(kind: string) {
  const found = definitions.find((definition) => definition.spec.names.kind === kind);
  assert.ok(found, `no definition of ${kind}`);
  return found;
}

test("a definition is named after its plural and group", () => {
  for (const { metadata, spec } of definitions) assert.equal(metadata?.name, `${spec.names.plural}.${spec.group}`);
});

test("exactly one version of each kind is stored", () => {
  for (const { spec } of definitions) assert.equal(spec.versions.filter((version) => version.storage).length, 1);
});

test("VirtualMachine is as upstream's", () => {
  const { names, versions } = definitionOf("VirtualMachine").spec;
  assert.deepEqual(names.shortNames, ["vm", "vms"]);
  assert.deepEqual(names.categories, ["all"]);
  assert.deepEqual(
    versions.map(({ name, storage }) => [name, storage]),
    [
      ["v1", true],
      ["v1alpha3", false],
    ],
  );
  assert.deepEqual(
    versions[0]?.additionalPrinterColumns?.map(({ name }) => name),
    ["Age", "Status", "Ready"],
  );
  assert.deepEqual(versions[0]?.subresources, { status: {} });
});

test("the status of a VirtualMachineInstance is written apart from its spec", () => {
  assert.deepEqual(definitionOf("VirtualMachineInstance").spec.versions[0]?.subresources, { status: {} });
});

test("schemas hold no reference and nothing that a CRD may not have", () => {
  for (const definition of definitions) {
    const text = JSON.stringify(definition.spec.versions.map((version) => version.schema));
    assert.ok(!text.includes('"$ref"'), `${definition.metadata?.name} has a $ref`);
    assert.ok(!text.includes("x-kubernetes-patch"), `${definition.metadata?.name} has a patch strategy`);
  }
});

test("fields that the types call strings are quantities and nullable times where upstream has them", () => {
  const schema = definitionOf("VirtualMachineInstance").spec.versions[0]?.schema?.openAPIV3Schema;
  const guest = schema?.properties?.["spec"]?.properties?.["domain"]?.properties?.["memory"]?.properties?.["guest"];
  assert.equal(guest?.["x-kubernetes-int-or-string"], true);
  const conditions: { items?: { properties?: Record<string, { nullable?: boolean }> } } | undefined =
    schema?.properties?.["status"]?.properties?.["conditions"];
  assert.equal(conditions?.items?.properties?.["lastProbeTime"]?.nullable, true);
});

test("field names are those of the wire, not of TypeScript", () => {
  const text = JSON.stringify(definitions);
  assert.ok(text.includes('"VSOCKCID"'));
  assert.ok(!text.includes('"_default"'));
});
