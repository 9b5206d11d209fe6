/** Runs a program in a guest for a client that speaks `v5.channel.k8s.io`, as the kubelet's exec does in a container. */
import { buffer } from "node:stream/consumers";
import { StatusError, type StatusCause } from "../../base/errors.ts";
import type { GuestAgent } from "../../qemu/guest-agent/client.ts";
import { guestExec, type GuestExecResult } from "../../qemu/guest-agent/exec.ts";
import type { FinalStatus, RemoteCommandSession } from "../../streams/remote-command-session.ts";
import { agentFailure } from "./agent-failure.ts";

export interface Program {
  argv: readonly string[];
  hasInput: boolean;
  timeoutMs: number;
}

/** The agent takes a program's input in one piece. */
const maxInputBytes = 16 * 1024 * 1024;
const defaultTimeoutSeconds = 60;
const maxTimeoutSeconds = 24 * 60 * 60;

/** `command=ls&command=-l&stdin=true&timeoutSeconds=10`. @throws StatusError BadRequest */
export function parseProgram(query: URLSearchParams): Program {
  const argv = query.getAll("command");
  if (!argv[0]) throw new StatusError("BadRequest", "command: name the program to run");
  if (query.get("tty") === "true")
    throw new StatusError("BadRequest", "tty: the guest agent has no terminals; use ssh");
  const seconds = Number(query.get("timeoutSeconds") ?? defaultTimeoutSeconds);
  if (!(seconds > 0 && seconds <= maxTimeoutSeconds))
    throw new StatusError("BadRequest", `timeoutSeconds: must be a number from 1 to ${maxTimeoutSeconds}`);
  return { argv, hasInput: query.get("stdin") === "true", timeoutMs: seconds * 1000 };
}

export async function runProgram(agent: GuestAgent, program: Program, session: RemoteCommandSession): Promise<void> {
  try {
    const input = program.hasInput ? await inputOf(session) : undefined;
    const { argv, timeoutMs } = program;
    const result = await guestExec(agent, argv, { timeoutMs, abort: session.gone, ...(input && { input }) });
    await session.write("stdout", result.stdout);
    await session.write("stderr", result.stderr);
    session.finish(endOf(result));
  } catch (error) {
    const failure = agentFailure(error);
    if (!(failure instanceof StatusError)) throw error;
    session.finish(failure);
  }
}

async function inputOf({ stdin }: RemoteCommandSession): Promise<Buffer> {
  let bytes = 0;
  stdin.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxInputBytes) stdin.destroy(tooMuchInput());
  });
  return await buffer(stdin);
}

function tooMuchInput(): StatusError {
  const limit = `${maxInputBytes / 1024 / 1024} MiB`;
  return new StatusError(
    "RequestEntityTooLarge",
    `a program's input is limited to ${limit}: bring it into the guest with \`vmpod cp\``,
  );
}

/** As the kubelet words it, so that Kubernetes' client libraries find the exit code. Pure. */
export function endOf({ exitCode, signal, truncated }: GuestExecResult): FinalStatus {
  const code = exitCode ?? 128 + (signal ?? 0);
  const causes: StatusCause[] = [
    { reason: "ExitCode", message: String(code) },
    ...(truncated ? [{ reason: "OutputTruncated", message: "the guest agent keeps the first 16 MiB of output" }] : []),
  ];
  if (code === 0) return { status: "Success", details: { causes } };
  return new StatusError("NonZeroExitCode", `command terminated with non-zero exit code: ${code}`, { causes });
}
