/** POST pods/binding (and bindings): the scheduler puts a pod on a node, once. */
import { StatusError } from "../../base/errors.ts";
import { answerJson } from "../../http/answer.ts";
import { ensure, list, record, text } from "../registry/field.ts";
import { conflict } from "../storage/objects.ts";
import type { Call } from "../verbs/call.ts";
import { nameIn } from "../verbs/call.ts";
import { readJson } from "../verbs/decode.ts";
import { now } from "../verbs/new-meta.ts";

export async function bindPod(call: Call): Promise<void> {
  const body = await readJson(call);
  const node = text(body, "target", "name");
  if (node === "") throw new StatusError("Invalid", "Binding target.name: Required value");
  const name = nameIn(call) || text(body, "metadata", "name");
  const { objects } = call.api;
  const change = (pod: object) => {
    const bound = text(pod, "spec", "nodeName");
    if (text(pod, "metadata", "deletionTimestamp"))
      throw conflict(call.kind, name, `pod ${name} is being deleted, cannot be assigned to a host`);
    if (bound !== "") throw conflict(call.kind, name, `pod ${name} is already assigned to node "${bound}"`);
    ensure(pod, "spec")["nodeName"] = node;
    Object.assign(ensure(pod, "metadata", "annotations"), record(body, "metadata", "annotations"));
    if (Object.keys(record(pod, "metadata", "annotations")).length === 0) delete ensure(pod, "metadata")["annotations"];
    markScheduled(pod);
    return pod;
  };
  if (!call.dryRun) await objects.update(call.kind, { namespace: call.path.namespace, name }, change);
  answerJson(call.response, 201, { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 });
}

function markScheduled(pod: object): void {
  const status = ensure(pod, "status");
  const others = list(status, "conditions").filter((condition) => condition["type"] !== "PodScheduled");
  const condition = { type: "PodScheduled", status: "True", lastProbeTime: null, lastTransitionTime: now() };
  status["conditions"] = [...others, condition];
}
