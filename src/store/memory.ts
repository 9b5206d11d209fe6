import { createStore } from "./create-store.ts";
import { createHistory } from "./history.ts";
import { forgetfulJournal } from "./journal.ts";
import type { Store } from "./store.ts";

/** A store that is gone with its process. */
export function createMemoryStore(): Store {
  return createStore(createHistory({ values: [], revision: 0 }), forgetfulJournal);
}
