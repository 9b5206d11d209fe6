/**
 * The paths of a group version, told as far as clients look: `kubectl` asks whether the PATCH of a kind takes
 * `fieldValidation` and `dryRun` before it leaves validation to the server. OpenAPI v2 and v3 write
 * operations differently in detail, hence `Dialect`.
 */
import type { GroupVersionKind, JsonObject } from "../schema/schema.ts";
import { groupVersionPath, type PublishedKind } from "./published-kind.ts";

export interface Dialect {
  parameter(name: string, type: string, description: string): JsonObject;
  body(): JsonObject;
  responses(kind: PublishedKind): JsonObject;
}

type Action = "list" | "post" | "deletecollection" | "get" | "put" | "patch" | "delete";

interface Method {
  method: string;
  verb: string;
  action: Action;
}

const collectionMethods: Method[] = [
  { method: "get", verb: "list", action: "list" },
  { method: "post", verb: "create", action: "post" },
  { method: "delete", verb: "deletecollection", action: "deletecollection" },
];
const itemMethods: Method[] = [
  { method: "get", verb: "get", action: "get" },
  { method: "put", verb: "update", action: "put" },
  { method: "patch", verb: "patch", action: "patch" },
  { method: "delete", verb: "delete", action: "delete" },
];
const subresourceMethods = itemMethods.filter(({ method }) => method !== "delete");

export function pathsOf(kinds: readonly PublishedKind[], dialect: Dialect): Record<string, JsonObject> {
  return Object.fromEntries(kinds.flatMap((kind) => kindPaths(kind, dialect)));
}

function kindPaths(kind: PublishedKind, dialect: Dialect): [path: string, item: JsonObject][] {
  const namespace = kind.namespaced ? "/namespaces/{namespace}" : "";
  const collection = `${groupVersionPath(kind)}${namespace}/${kind.plural}`;
  const paths: [string, JsonObject][] = [
    [collection, operations(kind, collectionMethods, dialect, "")],
    [`${collection}/{name}`, operations(kind, itemMethods, dialect, "")],
  ];
  for (const subresource of kind.subresources) {
    paths.push([`${collection}/{name}/${subresource}`, operations(kind, subresourceMethods, dialect, subresource)]);
  }
  return paths;
}

function operations(kind: PublishedKind, methods: Method[], dialect: Dialect, subresource: string): JsonObject {
  const served = methods.filter(({ verb }) => kind.verbs.includes(verb));
  return Object.fromEntries(
    served.map(({ method, action }) => [method, operation(kind, action, dialect, subresource)]),
  );
}

function operation(kind: PublishedKind, action: Action, dialect: Dialect, subresource: string): JsonObject {
  const gvk: GroupVersionKind =
    subresource === "scale"
      ? { group: "autoscaling", version: "v1", kind: "Scale" }
      : { group: kind.group, version: kind.version, kind: kind.kind };
  return {
    operationId: operationId(kind, action, subresource),
    tags: [tag(kind)],
    ...(takesBody(action) && dialect.body()),
    parameters: parameters(action, dialect),
    responses: dialect.responses(kind),
    "x-kubernetes-action": action,
    "x-kubernetes-group-version-kind": gvk,
  };
}

function takesBody(action: Action): boolean {
  return action === "post" || action === "put" || action === "patch";
}

function parameters(action: Action, dialect: Dialect): JsonObject[] {
  if (!takesBody(action)) return [];
  const list = [
    dialect.parameter("dryRun", "string", "When present, indicates that modifications should not be persisted."),
    dialect.parameter("fieldManager", "string", "The name of the actor or entity that is making these changes."),
    dialect.parameter(
      "fieldValidation",
      "string",
      "What to do with unknown or duplicate fields: Ignore, Warn or Strict.",
    ),
  ];
  const force = dialect.parameter("force", "boolean", "Force is going to force Apply requests.");
  return action === "patch" ? [...list, force] : list;
}

function operationId(kind: PublishedKind, action: Action, subresource: string): string {
  const verbs = {
    list: "list",
    post: "create",
    deletecollection: "deleteCollection",
    get: "read",
    put: "replace",
    patch: "patch",
    delete: "delete",
  };
  const scope = kind.namespaced ? "Namespaced" : "";
  return `${verbs[action]}${capitalize(tag(kind))}${scope}${kind.kind}${capitalize(subresource)}`;
}

function tag({ group, version }: GroupVersionKind): string {
  const parts = (group === "" ? "core" : group).split(/[.-]/);
  const name = parts.map((part, index) => (index === 0 ? part : capitalize(part))).join("");
  return `${name}_${version}`;
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
