/** PUT namespaces/finalize: the namespace controller gives up its hold when the namespace is empty. */
import { list, record } from "../registry/field.ts";
import { type Call, nameIn } from "../verbs/call.ts";
import { decodeObject } from "../verbs/decode.ts";
import { finishDeletion } from "../verbs/finish-deletion.ts";
import { showEntry } from "../verbs/show.ts";

export async function finalizeNamespace(call: Call): Promise<void> {
  const wanted = await decodeObject(call);
  const finalizers = list<string>(wanted, "spec", "finalizers");
  const written = await call.api.objects.update(call.kind, { namespace: undefined, name: nameIn(call) }, (current) => {
    const { finalizers: _before, ...spec } = record(current, "spec");
    return { ...current, spec: { ...spec, ...(finalizers.length > 0 && { finalizers }) } };
  });
  showEntry(call, 200, await finishDeletion(call, written));
}
