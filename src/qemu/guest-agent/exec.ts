/** Runs programs inside the guest. */
import { setTimeout as delay } from "node:timers/promises";
import type { GuestAgent } from "./client.ts";
import { QmpTimeout } from "../qmp/errors.ts";
import { fieldsOf, numberOf } from "./shape.ts";

export interface GuestExecResult {
  /** Undefined when a signal ended it. */
  exitCode: number | undefined;
  stdout: Buffer;
  stderr: Buffer;
}

/** The agent has no event for a program's end: asking again is its protocol. */
const askAgainMs = 100;

export async function guestExec(
  agent: GuestAgent,
  argv: readonly string[],
  options: { timeoutMs?: number; input?: string } = {},
): Promise<GuestExecResult> {
  const timeoutMs = options.timeoutMs ?? 30_000;
  const timedOut = new QmpTimeout(agent.socketPath, `guest-exec ${argv[0]}`, timeoutMs);
  const deadlineMs = performance.now() + timeoutMs;
  const [path, ...arg] = argv;
  const input = options.input === undefined ? {} : { "input-data": Buffer.from(options.input).toString("base64") };
  const started = fieldsOf(await agent.call("guest-exec", { path, arg, "capture-output": true, ...input }));
  for (;;) {
    const status = fieldsOf(await agent.call("guest-exec-status", { pid: numberOf(started["pid"]) ?? 0 }));
    if (status["exited"] === true) return resultOf(status);
    if (performance.now() > deadlineMs) throw timedOut;
    await delay(askAgainMs);
  }
}

function resultOf(status: Record<string, unknown>): GuestExecResult {
  return {
    exitCode: numberOf(status["exitcode"]),
    stdout: bytesOf(status["out-data"]),
    stderr: bytesOf(status["err-data"]),
  };
}

function bytesOf(value: unknown): Buffer {
  return Buffer.from(typeof value === "string" ? value : "", "base64");
}
