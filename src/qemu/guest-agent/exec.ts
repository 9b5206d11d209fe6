/** Runs programs inside the guest. The agent takes all input with the start and gives all output with the end. */
import { setTimeout as delay } from "node:timers/promises";
import type { GuestAgent } from "./client.ts";
import { fieldsOf, numberOf } from "./shape.ts";

export interface GuestExecResult {
  /** Undefined when a signal ended it. */
  exitCode: number | undefined;
  signal: number | undefined;
  stdout: Buffer;
  stderr: Buffer;
  /** The agent keeps the first 16 MiB of each. */
  truncated: boolean;
}

export interface GuestExecOptions {
  timeoutMs?: number;
  input?: string | Buffer;
  /** Ends the program. */
  abort?: AbortSignal | undefined;
}

/** It did not end in time, and was killed. */
export class GuestExecTimeout extends Error {
  override readonly name = "GuestExecTimeout";

  constructor(program: string | undefined, timeoutMs: number) {
    super(`${program} did not end within ${timeoutMs / 1000} s and was killed`);
  }
}

/** The agent has no event for a program's end: asking again is its protocol. */
const firstAskMs = 20;
const askAgainMs = 200;
/** Starting it can mean tens of megabytes of input, asking for its end as much output. */
const callTimeoutMs = 60_000;

/** @throws GuestExecTimeout; the reason of `abort`; what GuestAgent.call throws */
export async function guestExec(
  agent: GuestAgent,
  argv: readonly string[],
  options: GuestExecOptions = {},
): Promise<GuestExecResult> {
  const timeoutMs = options.timeoutMs ?? 30_000;
  const timedOut = new GuestExecTimeout(argv[0], timeoutMs);
  const deadlineMs = performance.now() + timeoutMs;
  const pid = await start(agent, argv, options.input);
  for (let askMs = firstAskMs; ; askMs = Math.min(askMs * 2, askAgainMs)) {
    const status = fieldsOf(await agent.call("guest-exec-status", { pid }, { timeoutMs: callTimeoutMs }));
    if (status["exited"] === true) return resultOf(status);
    const reason: unknown = options.abort?.aborted ? options.abort.reason : undefined;
    if (reason !== undefined || performance.now() > deadlineMs) {
      await kill(agent, pid);
      throw reason ?? timedOut;
    }
    await delay(askMs);
  }
}

async function start(agent: GuestAgent, argv: readonly string[], input: GuestExecOptions["input"]): Promise<number> {
  const [path, ...arg] = argv;
  const data = input === undefined ? {} : { "input-data": Buffer.from(input).toString("base64") };
  const request = { path, arg, "capture-output": true, ...data };
  const started = fieldsOf(await agent.call("guest-exec", request, { timeoutMs: callTimeoutMs }));
  return numberOf(started["pid"]) ?? 0;
}

/** Its whole process group would be better, but the agent does not make one. */
async function kill(agent: GuestAgent, pid: number): Promise<void> {
  if (pid > 1) await start(agent, ["/bin/sh", "-c", `kill ${pid}; sleep 1; kill -KILL ${pid}`], undefined);
}

function resultOf(status: Record<string, unknown>): GuestExecResult {
  return {
    exitCode: numberOf(status["exitcode"]),
    signal: numberOf(status["signal"]),
    stdout: bytesOf(status["out-data"]),
    stderr: bytesOf(status["err-data"]),
    truncated: status["out-truncated"] === true || status["err-truncated"] === true,
  };
}

function bytesOf(value: unknown): Buffer {
  return Buffer.from(typeof value === "string" ? value : "", "base64");
}
