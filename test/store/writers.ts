/**
 * A program to be killed: 64 writers on one store. It says "open" on standard output, then reports each write to a
 * file after it was acknowledged. A line is `create|update KEY VALUE REVISION` or `delete KEY REVISION`.
 */
import { openSync, writeSync } from "node:fs";
import { openSqliteStore } from "../../src/store/sqlite.ts";

const [path = "", reportPath = "", round = "0"] = process.argv.slice(2);
const writers = 64;
const store = await openSqliteStore(path);

const reportFile = openSync(reportPath, "w");

/** Synchronous: what was acknowledged is with the kernel when the process is killed. */
function report(...fields: (string | number)[]): void {
  writeSync(reportFile, `${fields.join(" ")}\n`);
}

async function writeForever(writer: number): Promise<void> {
  for (let turn = 0; ; turn++) {
    const key = `/round-${round}/writer-${writer}/${turn}`;
    const created = await store.create(key, `${turn}`);
    report("create", key, turn, created);
    const updated = await store.update(key, `${turn}+`, created);
    report("update", key, `${turn}+`, updated);
    if (turn % 3 !== 0) continue;
    const deleted = await store.delete(key, updated);
    report("delete", key, deleted.revision);
  }
}

async function compactNowAndThen(): Promise<void> {
  const target = store.currentRevision() - 200;
  if (target > 0) await store.compact(target);
}

process.stdout.write("open\n");
if (round !== "0") setInterval(() => void compactNowAndThen(), 20);
await Promise.all(Array.from({ length: writers }, (_, writer) => writeForever(writer)));
