/** Where writes become durable. Calls are made one after the other, never two at a time. */
export interface Journal {
  /**
   * All of them or none; resolves when they would survive a power cut.
   * @throws StoreFullError when certainly none is written; after any other error that is unknown
   */
  append(rows: JournalRow[]): Promise<void>;
  /** Forgets these revisions and remembers how far history is compacted. */
  compact(revision: number, superseded: number[]): Promise<void>;
  close(): Promise<void>;
}

export interface JournalRow {
  revision: number;
  key: string;
  /** Null: deleted. */
  value: string | null;
  createRevision: number;
}

/** For stores that live as long as their process. */
export const forgetfulJournal: Journal = {
  append: async () => undefined,
  compact: async () => undefined,
  close: async () => undefined,
};
