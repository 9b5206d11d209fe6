/** Columns of the Table that kubectl prints. */
import type { KubeObject } from "../../../api/meta.ts";
import { text } from "../registry/field.ts";
import { ageOf } from "./age.ts";

export interface Column {
  name: string;
  type: "string" | "integer" | "number" | "boolean" | "date";
  format?: string;
  description?: string;
  /** Above 0: only printed with `-o wide`. */
  priority?: number;
  cell(object: KubeObject): unknown;
}

export const nameColumn: Column = {
  name: "Name",
  type: "string",
  format: "name",
  description: "Name must be unique within a namespace.",
  cell: (object) => object.metadata?.name ?? "",
};

export const ageColumn: Column = {
  name: "Age",
  type: "string",
  description: "Time since the object was created.",
  cell: (object) => ageOf(text(object, "metadata", "creationTimestamp")),
};

export function column(name: string, cell: (object: KubeObject) => unknown, type: Column["type"] = "string"): Column {
  return { name, type, cell };
}

export function wide(name: string, cell: (object: KubeObject) => unknown): Column {
  return { name, type: "string", priority: 1, cell };
}
