/** Programs in a guest, by its agent. */
import type { Readable } from "node:stream";
import { type Status, StatusError } from "../base/errors.ts";
import { remoteCommandV5 } from "../streams/remote-command-channels.ts";
import { type RemoteCommand, runRemoteCommand } from "../streams/remote-command-client.ts";
import type { Connection } from "./connection.ts";
import { openStream } from "./open-stream.ts";
import type { Machine } from "./subresource.ts";

export interface GuestCommand {
  argv: readonly string[];
  timeoutSeconds: number;
  stdin?: Readable | AsyncIterable<Buffer>;
  onOutput: RemoteCommand["onOutput"];
}

export interface GuestCommandEnd {
  exitCode: number;
  /** What the user is to know besides. */
  warnings: string[];
}

/** @throws StatusError when it was not run, or not to its end */
export async function runInGuest(
  connection: Connection,
  machine: Machine,
  { argv, timeoutSeconds, stdin, onOutput }: GuestCommand,
): Promise<GuestCommandEnd> {
  const query = new URLSearchParams(argv.map((word): [string, string] => ["command", word]));
  query.set("timeoutSeconds", String(timeoutSeconds));
  if (stdin) query.set("stdin", "true");
  const ws = await openStream(connection, machine, `exec?${query.toString()}`, remoteCommandV5);
  return endOf(await runRemoteCommand(ws, { ...(stdin && { stdin }), onOutput }));
}

/** Pure. @throws StatusError */
export function endOf(status: Status): GuestCommandEnd {
  const causes = status.details?.causes ?? [];
  const exitCode = causes.find(({ reason }) => reason === "ExitCode")?.message;
  if (exitCode === undefined) throw StatusError.from(status);
  return {
    exitCode: Number(exitCode),
    warnings: causes.filter(({ reason }) => reason === "OutputTruncated").map(({ message }) => message),
  };
}

/** @returns what it printed. @throws Error with what it complained about */
export async function outputInGuest(connection: Connection, machine: Machine, argv: string[]): Promise<string> {
  const output = { stdout: "", stderr: "" };
  const onOutput: GuestCommand["onOutput"] = (from, bytes) => void (output[from] += bytes.toString());
  const { exitCode } = await runInGuest(connection, machine, { argv, timeoutSeconds: 3600, onOutput });
  if (exitCode !== 0) throw new Error(`in the guest: ${output.stderr.trim() || `exit status ${exitCode}`}`);
  return output.stdout;
}
