/** pods/ephemeralcontainers: containers that are added to a pod that runs. Answers as the pod. */
import type { KubeObject } from "../../../api/meta.ts";
import { record } from "../registry/field.ts";
import type { Call } from "../verbs/call.ts";
import { decodeObject } from "../verbs/decode.ts";
import { showEntry } from "../verbs/show.ts";
import { updateObject } from "../verbs/update.ts";

export async function updateEphemeralContainers(call: Call): Promise<void> {
  const wanted = await decodeObject(call);
  const inner = { ...call, path: { ...call.path, subresource: "" } };
  const entry = await updateObject(inner, (current): KubeObject => {
    const { ephemeralContainers } = record(wanted, "spec");
    const next = { ...current, spec: { ...record(current, "spec"), ephemeralContainers } };
    return next;
  });
  showEntry(call, 200, entry);
}
