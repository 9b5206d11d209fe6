/** The subresources that are more than `/status`: who serves them and how discovery shows them. */
import type { DiscoveredResource } from "../../http/discovery/groups.ts";
import { groupResource } from "../registry/kind.ts";
import type { Call } from "../verbs/call.ts";
import { getObject } from "../verbs/get.ts";
import { bindPod } from "./binding.ts";
import { updateEphemeralContainers } from "./ephemeral-containers.ts";
import { evictPod } from "./eviction.ts";
import { finalizeNamespace } from "./finalize.ts";
import { readLog } from "./log.ts";
import { patchResize, updateResize } from "./resize.ts";
import { getScale, patchScale, updateScale } from "./scale.ts";
import { attachStream, execStream, portForwardStream, type StreamHandler } from "./stream.ts";
import { requestToken } from "./token.ts";

type Handler = (call: Call) => Promise<void>;

interface Subresource {
  kind: string;
  group?: string;
  version?: string;
  verbs?: Record<string, Handler>;
  /** Serves Upgrade requests, for the verbs get and create. */
  stream?: StreamHandler;
}

const scale = { get: getScale, update: updateScale, patch: patchScale };

/** By `group resource/subresource`. */
const subresources: Readonly<Record<string, Subresource>> = {
  "pods/attach": { kind: "PodAttachOptions", stream: attachStream },
  "pods/binding": { kind: "Binding", verbs: { create: bindPod } },
  "pods/ephemeralcontainers": { kind: "Pod", verbs: { get: getObject, update: updateEphemeralContainers } },
  "pods/eviction": { kind: "Eviction", group: "policy", version: "v1", verbs: { create: evictPod } },
  "pods/exec": { kind: "PodExecOptions", stream: execStream },
  "pods/log": { kind: "Pod", verbs: { get: readLog } },
  "pods/portforward": { kind: "PodPortForwardOptions", stream: portForwardStream },
  "pods/resize": { kind: "Pod", verbs: { get: getObject, patch: patchResize, update: updateResize } },
  "namespaces/finalize": { kind: "Namespace", verbs: { update: finalizeNamespace } },
  "serviceaccounts/token": {
    kind: "TokenRequest",
    group: "authentication.k8s.io",
    version: "v1",
    verbs: { create: requestToken },
  },
};

function find(call: Call): Subresource | undefined {
  const { kind, path } = call;
  if (path.subresource === "scale" && kind.scale) return { kind: "Scale", verbs: scale };
  return subresources[`${groupResource(kind)}/${path.subresource}`];
}

export function subresourceVerb(verb: string, call: Call): Handler | undefined {
  return find(call)?.verbs?.[verb];
}

export function subresourceStream(call: Call): StreamHandler | undefined {
  return find(call)?.stream;
}

/** For discovery, by group version. */
export function discoveredSubresources(): Record<string, DiscoveredResource[]> {
  const all = Object.entries(subresources).map(([name, { kind, group, version, verbs, stream }]) => ({
    name,
    singularName: "",
    namespaced: !name.startsWith("namespaces/"),
    kind,
    ...(group !== undefined && { group, version }),
    verbs: stream ? ["create", "get"] : Object.keys(verbs ?? {}),
  }));
  return { v1: all };
}
