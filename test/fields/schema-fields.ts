/** The fields of a structural schema, by path: `domain.devices.disks[].disk.bus`; a map's keys are `{}`. */
import type { JSONSchemaProps } from "../../api/apiextensions.ts";
import { customResourceDefinitions } from "../../api/kubevirt/crds.ts";

export interface Field {
  path: string;
  schema: JSONSchemaProps;
  /** It has fields of its own: by itself it may mean something only by being there. */
  isContainer: boolean;
}

export function specSchema(kind: string): JSONSchemaProps {
  const definition = customResourceDefinitions().find(({ spec }) => spec.names.kind === kind);
  const schema = definition?.spec.versions[0]?.schema?.openAPIV3Schema?.properties?.["spec"];
  if (schema === undefined) throw new RangeError(`${kind} has no spec`);
  return schema;
}

export function fieldsOf(schema: JSONSchemaProps, path = ""): Field[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, child]) => fieldAt(child, join(path, name)));
}

function fieldAt(schema: JSONSchemaProps, path: string): Field[] {
  const items = itemsOf(schema);
  if (items !== undefined && isContainer(items)) return fieldsOf(items, `${path}[]`);
  if (!isContainer(schema)) return [{ path, schema, isContainer: false }];
  return [{ path, schema, isContainer: true }, ...fieldsOf(schema, path)];
}

function isContainer(schema: JSONSchemaProps): boolean {
  return Object.keys(schema.properties ?? {}).length > 0;
}

export function itemsOf({ items }: JSONSchemaProps): JSONSchemaProps | undefined {
  return items;
}

export function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}
