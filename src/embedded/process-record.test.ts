import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { findProcess, type ProcessRecord, recordProcess, stopProcess } from "./process-record.ts";

const directory = mkdtempSync(join(tmpdir(), "vmpod-record-"));
after(() => rmSync(directory, { recursive: true }));
const record = (name: string) => join(directory, name);

function sleeper(script = "sleep 60") {
  const child = spawn("sh", ["-c", script], { stdio: ["ignore", "pipe", "ignore"] });
  const ended = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  return { child, pid: child.pid ?? 0, ended };
}

test("a recorded process is found until it ends", async () => {
  const { pid, ended } = sleeper("exec sleep 60");
  recordProcess(record("a"), pid);
  assert.equal(findProcess(record("a"))?.pid, pid);
  await stopProcess(record("a"), 5_000);
  assert.equal((await ended)[1], "SIGTERM");
  assert.equal(findProcess(record("a")), undefined);
  assert.equal(existsSync(record("a")), false);
});

test("one that does not heed SIGTERM is killed", async () => {
  const { child, pid, ended } = sleeper("trap '' TERM; echo ready; while :; do read x; done < /dev/zero");
  await once(child.stdout, "data");
  recordProcess(record("b"), pid);
  await stopProcess(record("b"), 100);
  assert.equal((await ended)[1], "SIGKILL");
});

test("the record of a successor stays when its predecessor is gone", async () => {
  const first = sleeper("exec sleep 60");
  recordProcess(record("e"), first.pid);
  const stopped = stopProcess(record("e"), 5_000);
  const second = sleeper("exec sleep 60");
  recordProcess(record("e"), second.pid);
  await stopped;
  assert.equal(findProcess(record("e"))?.pid, second.pid);
  second.child.kill();
  await Promise.all([first.ended, second.ended]);
});

test("another process with a recycled pid is not taken for it, nor harmed", async () => {
  const { child, pid, ended } = sleeper("exec sleep 60");
  recordProcess(record("c"), pid);
  const earlier = JSON.parse(readFileSync(record("c"), "utf8")) as ProcessRecord;
  writeFileSync(record("c"), JSON.stringify({ ...earlier, startTicks: earlier.startTicks - 1 }));
  assert.equal(findProcess(record("c")), undefined);
  await stopProcess(record("c"), 1_000);
  assert.equal(child.exitCode ?? child.signalCode, null);
  child.kill();
  await ended;
});

for (const [name, content] of Object.entries({ empty: "", torn: '{"pid":1', absent: undefined }))
  test(`a record that is ${name} tells of no process`, async () => {
    if (content !== undefined) writeFileSync(record("d"), content);
    assert.equal(findProcess(record("d")), undefined);
    await stopProcess(record("d"), 1_000);
    assert.equal(existsSync(record("d")), false);
  });
