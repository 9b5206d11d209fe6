/**
 * A node (`system:node:NAME`, group `system:nodes`) acts only for itself.
 *
 * Denied although its role allows it: changing other nodes, pods or virtual machines that run elsewhere, and leases
 * of others. Allowed although its role does not: reading a Secret, ConfigMap or claim, or asking for a service
 * account's token, when something that runs on the node names it.
 */
import { nodes, pods } from "../../../api/core.ts";
import { virtualMachineInstances } from "../../../api/kubevirt/resources.ts";
import type { Attributes, Decision } from "../../http/attributes.ts";
import { text } from "../registry/field.ts";
import type { Cache } from "../storage/cache.ts";
import { keyOf, prefixOf } from "../storage/keys.ts";
import type { Precedence } from "./authorizer.ts";

const userPrefix = "system:node:";
const reads = new Set(["get", "list", "watch"]);
const denied: Decision = { allowed: false, reason: "a node may only act for itself" };

export function createNodeAuthorizer(cache: Cache): Precedence {
  return (attributes) => {
    const node = nodeOf(attributes);
    if (node === undefined) return undefined;
    return isForeign(cache, node, attributes) ? denied : grant(cache, node, attributes);
  };
}

export function nodeOf({ user }: Pick<Attributes, "user">): string | undefined {
  const isNode = user.groups.includes("system:nodes") && user.name.startsWith(userPrefix);
  return isNode ? user.name.slice(userPrefix.length) : undefined;
}

/** A change to something that belongs to another node. */
function isForeign(cache: Cache, node: string, { verb, group, resource, namespace, name }: Attributes): boolean {
  if (reads.has(verb) || name === undefined) return false;
  if (group === nodes.group && resource === nodes.plural) return name !== node;
  if (group === "coordination.k8s.io" && resource === "leases") return name !== node;
  if (group === pods.group && resource === pods.plural)
    return !runsOn(cache, node, keyOf(pods, namespace, name), ["spec", "nodeName"]);
  if (group === virtualMachineInstances.group && resource === virtualMachineInstances.plural)
    return !isFreeOr(cache, node, keyOf(virtualMachineInstances, namespace, name));
  return false;
}

/** What is gone already belongs to nobody: the request itself finds that out. */
function runsOn(cache: Cache, node: string, key: string, path: string[]): boolean {
  const entry = cache.get(key);
  return entry === undefined || text(entry.object, ...path) === node;
}

/** A machine that is not placed yet may be claimed by the node whose pod it got. */
function isFreeOr(cache: Cache, node: string, key: string): boolean {
  const placed = text(cache.get(key)?.object, "status", "nodeName");
  return placed === "" || placed === node;
}

const byMention = new Set(["secrets", "configmaps", "persistentvolumeclaims"]);

function grant(cache: Cache, node: string, attributes: Attributes): Decision | undefined {
  const { verb, group, resource, subresource, namespace, name } = attributes;
  if (group !== "" || namespace === undefined || name === undefined) return undefined;
  const isRead = verb === "get" && subresource === "" && byMention.has(resource);
  const isToken = verb === "create" && resource === "serviceaccounts" && subresource === "token";
  const isAllowed = (isRead || isToken) && isMentioned(cache, node, namespace, name);
  return isAllowed ? { allowed: true, reason: `named by an object that runs on node "${node}"` } : undefined;
}

/** Also what a virtual machine's media are made of is named by its pod. */
function isMentioned(cache: Cache, node: string, namespace: string, name: string): boolean {
  const onNode = cache
    .list(prefixOf(pods, namespace))
    .map((entry) => entry.object)
    .filter((object) => text(object, "spec", "nodeName") === node);
  return onNode.some((object) => mentions((object as { spec?: unknown }).spec, name));
}

function mentions(value: unknown, name: string): boolean {
  if (typeof value === "string") return value === name;
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).some((child) => mentions(child, name));
}
