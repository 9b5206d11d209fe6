import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { recordProcess } from "./process-record.ts";
import { stopOwnProcesses } from "./stop-own-processes.ts";

test("a supervisor that the agent brought back with its last breath is stopped, too", async () => {
  const pidDir = mkdtempSync(join(tmpdir(), "vmpod-stop-"));
  const agent = spawn("sh", [
    "-c",
    "trap 'echo ending; read answer; exit' TERM; echo ready; while :; do sleep 0.01; done",
  ]);
  await once(agent.stdout, "data");
  recordProcess(join(pidDir, "agent"), agent.pid ?? 0);
  const stopped = stopOwnProcesses(pidDir);
  await once(agent.stdout, "data");
  const supervisor = spawn("sleep", ["60"]);
  const ended = once(supervisor, "exit");
  recordProcess(join(pidDir, "supervisor"), supervisor.pid ?? 0);
  agent.stdin.end("go\n");
  await stopped;
  supervisor.kill("SIGKILL");
  assert.equal((await ended)[1], "SIGTERM");
  rmSync(pidDir, { recursive: true });
});
