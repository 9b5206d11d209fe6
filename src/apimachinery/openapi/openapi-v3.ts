/** OpenAPI v3: one document per group version, and an index of them. */
import { createHash } from "node:crypto";
import { type JsonObject, refPrefix } from "../schema/schema.ts";
import { componentsOf } from "./components.ts";
import { type Dialect, pathsOf } from "./paths.ts";
import { definitionNameOf, groupVersionPath, type PublishedKind } from "./published-kind.ts";

const media = (schema: JsonObject) => ({ "application/json": { schema } });

const dialect: Dialect = {
  parameter: (name, type, description) => ({ name, in: "query", description, schema: { type, uniqueItems: true } }),
  body: () => ({ requestBody: { content: { "*/*": { schema: { type: "object" } } }, required: true } }),
  responses: (kind) => ({
    "200": { description: "OK", content: media({ $ref: refPrefix + definitionNameOf(kind) }) },
    "401": { description: "Unauthorized" },
  }),
};

/** The document of `/openapi/v3/apis/GROUP/VERSION` for the kinds of one group version. */
export function openApiV3(kinds: readonly PublishedKind[], programVersion: string): JsonObject {
  return {
    openapi: "3.0.0",
    info: { title: "Kubernetes", version: programVersion },
    paths: pathsOf(kinds, dialect),
    components: { schemas: componentsOf(kinds) },
  };
}

export interface GroupVersionDocument {
  group: string;
  version: string;
  /** The document as it is served. */
  text: string;
}

/** The document of `/openapi/v3`. The hash lets clients cache a document for as long as it stays the same. */
export function openApiV3Index(documents: readonly GroupVersionDocument[]): JsonObject {
  const paths = documents.map(({ group, version, text }) => {
    const path = groupVersionPath({ group, version });
    const hash = createHash("sha256").update(text).digest("hex").toUpperCase();
    return [path.slice(1), { serverRelativeURL: `/openapi/v3${path}?hash=${hash}` }];
  });
  return { paths: Object.fromEntries(paths) as JsonObject };
}
