/** Power of acknowledgement: kill -9 in the middle of 64 concurrent writers loses nothing that was acknowledged. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { after, before, describe, it } from "node:test";
import { eventually } from "../embedded/instance.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";

const rounds = 8;
const writersProgram = new URL("./writers.ts", import.meta.url).pathname;
let directory = "";

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "vmpod-crash-"));
});
after(() => rm(directory, { recursive: true }));

describe("a store that is killed", () => {
  it("has every acknowledged write with its revision, and no gap in the revisions", async () => {
    const path = join(directory, "history.db");
    const acknowledged = await runAndKill(path, { round: "0", afterMs: 700, atLeast: 101 });
    const store = await openSqliteStore(path);
    assert.ok(acknowledged.length > 100, `only ${acknowledged.length} writes before the kill`);
    const written = await historyOf(store);
    assert.deepEqual(
      [...written.keys()],
      Array.from({ length: store.currentRevision() }, (_, index) => index + 1),
    );
    for (const { revision, line } of acknowledged) assert.equal(written.get(revision), line);
    await store.close();
  });

  it("stays whole when it is killed again and again, while it compacts", async () => {
    const path = join(directory, "rounds.db");
    let newest = 0;
    for (let round = 1; round <= rounds; round++) {
      const afterMs = 150 + Math.random() * 400;
      const acknowledged = await runAndKill(path, { round: `${round}`, afterMs, atLeast: 1 });
      const store = await openSqliteStore(path);
      assert.ok(store.currentRevision() >= Math.max(newest, ...acknowledged.map(({ revision }) => revision)));
      newest = store.currentRevision();
      await verifyCurrentValues(store, round, acknowledged);
      await store.close();
    }
  });
});

interface Acknowledged {
  revision: number;
  line: string;
}

interface Run {
  round: string;
  /** They live as long as this, and until as many writes were acknowledged. */
  afterMs: number;
  atLeast: number;
}

/** @returns what the writers were told before they died */
async function runAndKill(path: string, { round, afterMs, atLeast }: Run): Promise<Acknowledged[]> {
  const report = `${path}.${round}.report`;
  const child = spawn(process.execPath, [writersProgram, path, report, round], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const linesNow = async () => (await readFile(report, "utf8")).split("\n").slice(0, -1);
  await Promise.race([once(child.stdout, "data"), ended]);
  await delay(afterMs);
  await eventually("writes are acknowledged", 60_000, async () =>
    (await linesNow()).length >= atLeast || child.exitCode !== null ? true : undefined,
  );
  child.kill("SIGKILL");
  assert.deepEqual(await ended, [null, "SIGKILL"], "it must still be writing when it is killed");
  const complete = await linesNow();
  return complete.map((line) => ({ line, revision: Number(line.slice(line.lastIndexOf(" ") + 1)) }));
}

/** The whole history as the writers report it. */
async function historyOf(store: Store): Promise<Map<number, string>> {
  const lines = new Map<number, string>();
  const abort = new AbortController();
  for await (const event of store.watch("", { fromRevision: 0, signal: abort.signal })) {
    const { revision } = event;
    if (event.type === "progress") abort.abort();
    else if (event.type === "delete") lines.set(revision, `delete ${event.previous.key} ${revision}`);
    else {
      const verb = event.previous ? "update" : "create";
      lines.set(revision, `${verb} ${event.current.key} ${event.current.value} ${revision}`);
    }
  }
  return lines;
}

/** For each key the last acknowledged write holds, unless its writer's next one was under way. */
async function verifyCurrentValues(store: Store, round: number, acknowledged: Acknowledged[]): Promise<void> {
  const last = new Map(acknowledged.map(({ line, revision }) => [line.split(" ")[1] ?? "", { line, revision }]));
  for (const [key, { line, revision }] of last) {
    const found = await store.get(key);
    if (line.startsWith("delete")) assert.equal(found, undefined, line);
    else if (found) assert.ok(found.revision >= revision, line);
    else assert.ok(isDeletedNext(key) && line.startsWith("update"), `${line}: gone, though nobody was to delete it`);
  }
  const { items } = await store.list(`/round-${round}/`);
  assert.ok(items.length > 0);
}

function isDeletedNext(key: string): boolean {
  return Number(key.slice(key.lastIndexOf("/") + 1)) % 3 === 0;
}
