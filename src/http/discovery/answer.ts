/** Answers `/api`, `/apis`, `/apis/GROUP` and `/apis/GROUP/VERSION`. */
import type { ApiRequest, ApiResponse } from "../../../api/admission.ts";
import { mediaTypes } from "../accept.ts";
import { answerJson } from "../answer.ts";
import {
  aggregatedDocument,
  apiVersionsDocument,
  groupDocument,
  groupListDocument,
  resourceListDocument,
} from "./documents.ts";
import type { DiscoveredGroup } from "./groups.ts";

export interface Exchange {
  request: ApiRequest;
  response: ApiResponse;
  groups: readonly DiscoveredGroup[];
  /** Where clients are told to connect to. */
  address: string;
}

/** False when the path is not one of discovery. */
export function answerDiscovery(path: string, exchange: Exchange): boolean {
  const [root, group, version, more] = path.split("/").filter((part) => part !== "");
  if (more !== undefined) return false;
  if (root === "api") return handleCore(exchange, group, version);
  return root === "apis" && handleGroups(exchange, group, version);
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
