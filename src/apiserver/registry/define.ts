/** Turns the short description of a built-in kind into what the server works with. */
import type { Resource } from "../../../api/meta.ts";
import { ageColumn, type Column, nameColumn } from "../table/column.ts";
import { builtinSchema } from "../../apimachinery/schema/builtin-schemas.ts";
import { strategies } from "./strategies/strategies.ts";
import { allVerbs, type Conversion, type ScalePaths, type ServedKind, type Verb, groupResource } from "./kind.ts";

export interface KindDescription {
  singular?: string;
  shortNames?: string[];
  categories?: string[];
  verbs?: Verb[];
  /** Has a `/status` subresource. */
  status?: boolean | "with-metadata";
  scale?: ScalePaths;
  /** metadata.generation counts changes of the spec. */
  generation?: boolean;
  /** Between Name and Age. */
  columns?: Column[];
  /** All columns, when Age is not the last one. */
  allColumns?: Column[];
  storedAs?: { group: string; plural: string };
  conversion?: Conversion;
}

export function define(resource: Resource, description: KindDescription = {}): ServedKind {
  const kind = plain(resource, description);
  return kind.conversion ? converted(kind, kind.conversion) : kind;
}

/** Columns are written for the stored form; so are field selectors, which look at stored objects. */
function converted(kind: ServedKind, conversion: Conversion): ServedKind {
  const columns = kind.columns.map(
    (column): Column => ({
      ...column,
      cell: (object) => column.cell(conversion.toStorage(object)),
    }),
  );
  return { ...kind, columns };
}

function plain(resource: Resource, description: KindDescription): ServedKind {
  const { group, version, kind, plural, namespaced } = resource;
  return {
    group,
    version,
    kind,
    plural,
    namespaced,
    listKind: `${kind}List`,
    singular: description.singular ?? kind.toLowerCase(),
    shortNames: description.shortNames ?? [],
    categories: description.categories ?? [],
    verbs: description.verbs ?? allVerbs,
    storageVersion: version,
    ...(description.storedAs && { storedAs: description.storedAs }),
    ...(description.conversion && { conversion: description.conversion }),
    statusSubresource: description.status !== undefined && description.status !== false,
    statusTakesMetadata: description.status === "with-metadata",
    scale: description.scale,
    generation: description.generation ? "spec" : "none",
    columns: description.allColumns ?? [nameColumn, ...(description.columns ?? []), ageColumn],
    strategy: strategies[groupResource(description.storedAs ?? resource)] ?? {},
    custom: false,
    schema: builtinSchema(resource),
  };
}
