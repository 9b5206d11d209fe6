import { InvariantError } from "../base/errors.ts";
import type { Write } from "./history.ts";
import type { JournalRow } from "./journal.ts";
import type { StoredValue } from "./store.ts";

/**
 * Turns the rows of a journal, in order of revision, into the values at the compaction and the writes after it.
 * @throws InvariantError when a revision after the compaction is missing: then acknowledged writes are lost
 */
export function replay(rows: JournalRow[], compacted: number, path: string): { base: StoredValue[]; writes: Write[] } {
  const newest = new Map<string, StoredValue>();
  const baseRows = rows.filter((row) => row.revision <= compacted);
  for (const row of baseRows) remember(newest, row);
  const base = [...newest.values()];
  const writes = rows.slice(baseRows.length).map((row, index): Write => {
    if (row.revision !== compacted + 1 + index) {
      throw new InvariantError(`${path} is damaged: revision ${compacted + 1 + index} is missing; restore a backup`);
    }
    const previous = newest.get(row.key);
    return { revision: row.revision, key: row.key, previous, current: remember(newest, row) };
  });
  return { base, writes };
}

function remember(newest: Map<string, StoredValue>, row: JournalRow): StoredValue | undefined {
  const { key, value, revision, createRevision } = row;
  if (value === null) {
    newest.delete(key);
    return undefined;
  }
  const stored = { key, value, revision, createRevision };
  newest.set(key, stored);
  return stored;
}
