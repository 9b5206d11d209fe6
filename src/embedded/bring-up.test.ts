import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import pino from "pino";
import { defaultInstance, type Instance, pathsOf } from "../base/instance.ts";
import { bringUp } from "./bring-up.ts";
import { findProcess } from "./process-record.ts";
import { writeState } from "./state-file.ts";
import { Supervisor } from "./supervisor.ts";

const log = pino({ level: "silent" });

/** One that was brought up before, and in the place of whose containerd there is a file. */
async function withoutContainerd(t: TestContext): Promise<Instance> {
  const directory = mkdtempSync(join(tmpdir(), "vmpod-bring-up-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const instance = { ...defaultInstance, name: "test", dataDir: directory, runDir: join(directory, "run"), apiPort: 9 };
  await writeState({ instance, images: { pause: "pause", launcher: "launcher" } });
  writeFileSync(pathsOf(instance).containerdState, "");
  return instance;
}

test("who takes over looks after all processes, whatever becomes of containerd, and says what does", async (t) => {
  const instance = await withoutContainerd(t);
  const { pids, logs } = pathsOf(instance);
  const supervisor = new Supervisor({ pidDir: pids, logDir: logs, log });
  const ended = new AbortController();
  const program = ["sh", "-c", "exec sleep 60", "--"];
  const options = { supervisor, program, log, onProgress: () => undefined, signal: ended.signal, takeOver: true };
  await assert.rejects(bringUp(instance, options), /ENOTDIR/);
  for (const name of ["apiserver", "agent", "controller"]) assert.ok(findProcess(join(pids, name)), name);
  ended.abort();
  await supervisor.stop();
  await delay(50); // for what nobody waits for any more to fail
});
