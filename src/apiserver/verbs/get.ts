/** GET of one object. */
import { type Call, nameIn } from "./call.ts";
import { showEntry } from "./show.ts";

export async function getObject(call: Call): Promise<void> {
  showEntry(call, 200, await call.api.objects.get(call.kind, call.path.namespace, nameIn(call)));
}
