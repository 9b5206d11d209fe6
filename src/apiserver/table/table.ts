/** `meta.k8s.io` Table: what `kubectl get` prints. */
import type { KubeObject, ListMeta } from "../../../api/meta.ts";
import type { Column } from "./column.ts";

export type IncludeObject = "Metadata" | "Object" | "None";

export interface TableOptions {
  version: string;
  includeObject: IncludeObject;
  /** Watch events after the first one leave the header out. */
  header: boolean;
}

export function tableOf(
  columns: readonly Column[],
  objects: readonly KubeObject[],
  meta: ListMeta,
  options: TableOptions,
) {
  return {
    kind: "Table",
    apiVersion: `meta.k8s.io/${options.version}`,
    metadata: meta,
    columnDefinitions: options.header ? columns.map(definitionOf) : null,
    rows: objects.map((object) => ({
      cells: columns.map((column) => column.cell(object)),
      ...(options.includeObject !== "None" && { object: rowObject(object, options) }),
    })),
  };
}

function definitionOf(column: Column) {
  const { name, type, format = "", description = name, priority = 0 } = column;
  return { name, type, format, description, priority };
}

function rowObject(object: KubeObject, options: TableOptions): KubeObject {
  return options.includeObject === "Object" ? object : partialOf(object, options.version);
}

export function partialOf(object: KubeObject, version: string): KubeObject {
  const { metadata } = object;
  return { kind: "PartialObjectMetadata", apiVersion: `meta.k8s.io/${version}`, ...(metadata && { metadata }) };
}
