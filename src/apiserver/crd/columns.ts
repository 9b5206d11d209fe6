/** `additionalPrinterColumns` as columns of the Table. */
import type { CustomResourceColumnDefinition } from "../../../api/apiextensions.ts";
import { ageOf } from "../table/age.ts";
import { ageColumn, type Column, nameColumn } from "../table/column.ts";
import { compileJsonPath } from "./json-path.ts";

export function customColumns(definitions: readonly CustomResourceColumnDefinition[] | undefined): Column[] {
  if (!definitions || definitions.length === 0) return [nameColumn, ageColumn];
  return [nameColumn, ...definitions.map(columnOf)];
}

function columnOf(definition: CustomResourceColumnDefinition): Column {
  const { name, description, format, priority } = definition;
  const type = definition.type as Column["type"];
  const read = compileJsonPath(definition.jsonPath);
  return {
    name,
    type,
    ...(description !== undefined && { description }),
    ...(format !== undefined && { format }),
    ...(priority !== undefined && { priority }),
    cell: (object) => cellOf(type, read(object)),
  };
}

/** A value of another type than the column's prints as nothing, as upstream. */
function cellOf(type: Column["type"], values: readonly unknown[]): unknown {
  const [value] = values;
  if (value === undefined) return type === "date" ? "" : null;
  switch (type) {
    case "date":
      return typeof value === "string" ? ageOf(value) : "<invalid>";
    case "integer":
    case "number":
      return typeof value === "number" ? value : null;
    case "boolean":
      return typeof value === "boolean" ? value : null;
    default:
      return values.length > 1 ? values.map(textOf).join(",") : textOf(value);
  }
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
