/**
 * The journal's one table: a row per write, in order of revision.
 *
 *   log(revision PRIMARY KEY, key, value or NULL when deleted, create_revision)     meta(name, value)
 *
 * Rows above meta.compacted are the complete history; rows up to it are the values that were current there.
 * WAL with synchronous=FULL: one fsync per commit. The file is locked by its one user (EXCLUSIVE), so two API
 * servers can never write to it at once.
 */
import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { JournalRow } from "./journal.ts";

const formatVersion = 1;

const schema = `
  CREATE TABLE IF NOT EXISTS log (
    revision INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    value TEXT,
    create_revision INTEGER NOT NULL
  );
  CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  INSERT OR IGNORE INTO meta VALUES ('compacted', 0);
`;

export interface SqliteFile {
  compacted: number;
  rows(): JournalRow[];
  append(rows: JournalRow[]): void;
  compact(revision: number, superseded: number[]): void;
  close(): void;
}

export function openSqliteFile(path: string, lockTimeoutMs: number): SqliteFile {
  const database = openDatabase(path, lockTimeoutMs);
  const insert = database.prepare("INSERT INTO log (revision, key, value, create_revision) VALUES (?, ?, ?, ?)");
  const remove = database.prepare("DELETE FROM log WHERE revision = ?");
  const setCompacted = database.prepare("UPDATE meta SET value = ? WHERE name = 'compacted'");

  function transaction(action: () => void): void {
    database.exec("BEGIN IMMEDIATE");
    try {
      action();
      database.exec("COMMIT");
    } catch (error) {
      if (database.isTransaction) database.exec("ROLLBACK");
      throw error;
    }
  }

  return {
    compacted: readCompacted(database),
    rows: () =>
      database
        .prepare("SELECT revision, key, value, create_revision AS createRevision FROM log ORDER BY revision")
        .all() as unknown as JournalRow[],
    append: (rows) =>
      transaction(() => {
        for (const { revision, key, value, createRevision } of rows) insert.run(revision, key, value, createRevision);
      }),
    compact: (revision, superseded) =>
      transaction(() => {
        for (const old of superseded) remove.run(old);
        setCompacted.run(revision);
      }),
    close: () => database.close(),
  };
}

function openDatabase(path: string, lockTimeoutMs: number): DatabaseSync {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // It holds Secrets; sqlite gives its -wal file the mode of the database.
  closeSync(openSync(path, "a", 0o600));
  const database = new DatabaseSync(path, { timeout: lockTimeoutMs });
  try {
    database.exec(
      "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864;",
    );
    database.exec(`BEGIN IMMEDIATE; ${schema} COMMIT;`);
    requireFormat(database);
    return database;
  } catch (error) {
    database.close();
    throw new Error(`opening the store ${path}: ${reasonOf(error)}`, { cause: error });
  }
}

function requireFormat(database: DatabaseSync): void {
  const found = Number(database.prepare("PRAGMA user_version").get()?.["user_version"] ?? 0);
  if (found === 0) database.exec(`PRAGMA user_version = ${formatVersion}`);
  else if (found !== formatVersion) throw new Error(`its format is ${found}, this program knows ${formatVersion}`);
}

function readCompacted(database: DatabaseSync): number {
  return Number(database.prepare("SELECT value FROM meta WHERE name = 'compacted'").get()?.["value"] ?? 0);
}

const sqliteBusy = 5;

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { errcode } = error as { errcode?: number };
  return errcode === sqliteBusy ? "another process uses it; stop that one first" : error.message;
}
