/** POST serviceaccounts/token: a signed token for a service account, bound to a pod, secret or node if asked. */

import type { TokenRequest } from "../../../api/authentication.ts";
import { nodes, pods, secrets } from "../../../api/core.ts";
import { StatusError } from "../../base/errors.ts";
import { answerJson } from "../../http/answer.ts";
import { signServiceAccountToken } from "../../pki/service-account.ts";
import { field, list, number, record, text } from "../registry/field.ts";
import { conflict } from "../storage/objects.ts";
import { type Call, nameIn } from "../verbs/call.ts";
import { readJson } from "../verbs/decode.ts";

const defaultSeconds = 3600;
const leastSeconds = 600;
const mostSeconds = 2 ** 32;

export async function requestToken(call: Call): Promise<void> {
  const { tokens } = call.api;
  if (!tokens.key)
    throw new StatusError("ServiceUnavailable", "the API server has no service account key: it cannot issue tokens");
  const body = await readJson(call);
  const { object: account } = await call.api.objects.get(call.kind, call.path.namespace, nameIn(call));
  const seconds = number(body, "spec", "expirationSeconds") || defaultSeconds;
  if (seconds < leastSeconds || seconds > mostSeconds)
    throw new StatusError(
      "Invalid",
      `TokenRequest spec.expirationSeconds: Invalid value: ${seconds}: may not specify a duration less than 10 minutes or more than 2^32 seconds`,
    );
  const audiences = list<string>(body, "spec", "audiences");
  const request = {
    issuer: tokens.issuer,
    audiences: audiences.length > 0 ? audiences : [...tokens.audiences],
    expirationSeconds: seconds,
    namespace: call.path.namespace ?? "",
    serviceAccount: { name: nameIn(call), uid: account.metadata?.uid ?? "" },
    ...(await boundObject(call, record(body, "spec", "boundObjectRef"))),
  };
  const token = await signServiceAccountToken(tokens.key, request);
  const status = { token, expirationTimestamp: `${new Date(Date.now() + seconds * 1000).toISOString().slice(0, 19)}Z` };
  const spec = { ...record(body, "spec"), audiences: request.audiences, expirationSeconds: seconds };
  const metadata = {
    name: nameIn(call),
    namespace: call.path.namespace,
    creationTimestamp: status.expirationTimestamp,
  };
  const answer: TokenRequest = { kind: "TokenRequest", apiVersion: "authentication.k8s.io/v1", metadata, spec, status };
  answerJson(call.response, 201, answer);
}

const bindable = { Pod: pods, Secret: secrets, Node: nodes };

async function boundObject(call: Call, reference: Record<string, unknown>) {
  if (Object.keys(reference).length === 0) return {};
  const kind = text(reference, "kind") as keyof typeof bindable;
  const resource = Object.hasOwn(bindable, kind) ? bindable[kind] : undefined;
  if (!resource)
    throw new StatusError(
      "BadRequest",
      `cannot bind a token to an object of kind ${JSON.stringify(kind)}: only Pod, Secret and Node`,
    );
  const name = text(reference, "name");
  const entry = await call.api.objects.find(resource, resource.namespaced ? call.path.namespace : undefined, name);
  const uid = text(entry?.object, "metadata", "uid");
  const served = call.api.registry.findAny(resource.group, resource.plural);
  if (!entry || !served) throw new StatusError("NotFound", `${resource.plural} "${name}" not found`);
  const asked = text(reference, "uid");
  if (asked !== "" && asked !== uid)
    throw conflict(
      served,
      name,
      `the UID in the bound object reference (${asked}) does not match the UID in record (${uid})`,
    );
  if (kind === "Pod" && text(entry.object, "spec", "serviceAccountName") !== nameIn(call))
    throw new StatusError(
      "BadRequest",
      `cannot bind token for serviceaccount ${JSON.stringify(nameIn(call))} to pod running with different serviceaccount name.`,
    );
  if (field(entry.object, "metadata", "deletionTimestamp") !== undefined && kind !== "Pod")
    throw conflict(served, name, "the object is being deleted");
  return { boundObject: { kind, name, uid } };
}
