/** Answers `/api`, `/apis`, `/apis/GROUP` and `/apis/GROUP/VERSION`. */
import type { ApiDelegate, ApiRequest, ApiResponse } from "../../../api/admission.ts";
import { mediaTypes } from "../http/accept.ts";
import { answerJson } from "../http/answer.ts";
import type { Registry } from "../registry/registry.ts";
import {
  aggregatedDocument,
  apiVersionsDocument,
  groupDocument,
  groupListDocument,
  resourceListDocument,
} from "./answers.ts";
import { type DiscoveredGroup, discover, type ExtraResources } from "./groups.ts";

export interface Discovery {
  groups(): readonly DiscoveredGroup[];
  /** False when the path is not one of discovery. */
  handle(path: string, request: ApiRequest, response: ApiResponse): boolean;
}

export function createDiscovery(
  registry: Registry,
  extra: ExtraResources,
  delegates: readonly ApiDelegate[],
  address: string,
): Discovery {
  let groups: readonly DiscoveredGroup[] | undefined;
  registry.onChange(() => {
    groups = undefined;
  });
  const current = (): readonly DiscoveredGroup[] => (groups ??= discover(registry.all(), extra, delegates));
  return {
    groups: current,
    handle(path, request, response) {
      const [root, group, version, more] = path.split("/").filter((part) => part !== "");
      if (more !== undefined) return false;
      if (root === "api") return handleCore({ request, response, groups: current(), address }, group, version);
      return root === "apis" && handleGroups({ request, response, groups: current(), address }, group, version);
    },
  };
}

interface Exchange {
  request: ApiRequest;
  response: ApiResponse;
  groups: readonly DiscoveredGroup[];
  address: string;
}

function handleCore(exchange: Exchange, version: string | undefined, more: string | undefined): boolean {
  const core = exchange.groups.filter((group) => group.name === "");
  if (more !== undefined) return false;
  if (version === undefined) return answerRoot(exchange, core, apiVersionsDocument(core, exchange.address));
  return answerVersion(exchange, core[0], version);
}

function handleGroups(exchange: Exchange, name: string | undefined, version: string | undefined): boolean {
  const named = exchange.groups.filter((group) => group.name !== "");
  if (name === undefined) return answerRoot(exchange, named, groupListDocument(named));
  const group = named.find((each) => each.name === name);
  if (version !== undefined) return answerVersion(exchange, group, version);
  if (!group) return false;
  answerJson(exchange.response, 200, { kind: "APIGroup", apiVersion: "v1", ...groupDocument(group) });
  return true;
}

function answerRoot({ request, response }: Exchange, groups: readonly DiscoveredGroup[], legacy: unknown): boolean {
  response.setHeader("vary", "Accept");
  const version = aggregatedVersion(request.headers.accept);
  if (version === undefined) answerJson(response, 200, legacy);
  else
    answerJson(
      response,
      200,
      aggregatedDocument(groups, version),
      `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`,
    );
  return true;
}

/** The client's first choice among what can be made; undefined for the legacy form. */
function aggregatedVersion(accept: string | undefined): string | undefined {
  for (const { name, parameters } of mediaTypes(accept)) {
    if (name !== "application/json") continue;
    if (!parameters.has("as")) return undefined;
    const version = parameters.get("v") ?? "";
    const known = parameters.get("g") === "apidiscovery.k8s.io" && parameters.get("as") === "APIGroupDiscoveryList";
    if (known && (version === "v2" || version === "v2beta1")) return version;
  }
  return undefined;
}

function answerVersion({ response }: Exchange, group: DiscoveredGroup | undefined, version: string): boolean {
  const found = group?.versions.find((each) => each.version === version);
  if (!found) return false;
  answerJson(response, 200, resourceListDocument(found));
  return true;
}
