import { type Command, CommanderError } from "commander";
import { CommandError, isStatus, messageOf, StatusError, UnreachableError } from "../base/errors.ts";
import { buildProgram, commandNameIn } from "./program.ts";

/** A command may end with a status of its own, e.g. that of the ssh it ran. */
export class ExitStatus extends Error {
  override readonly name = "ExitStatus";
  readonly status: number;

  constructor(status: number) {
    super(`exit status ${status}`);
    this.status = status;
  }
}

/** Runs one client command. @returns the exit status */
export function runCommandLine(argv: readonly string[]): Promise<number> {
  return exitStatusOf(async () => {
    const wanted = commandNameIn(argv);
    const program = await buildProgram(({ name }) => name === wanted);
    throwInsteadOfExit(program);
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync(argv, { from: "user" });
    return 0;
  });
}

function throwInsteadOfExit(command: Command): void {
  command.exitOverride();
  for (const each of command.commands) throwInsteadOfExit(each);
}

/** Runs a command of any kind; its failure becomes a line on standard error. */
export async function exitStatusOf(work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    // Commander printed its own message or the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode;
    if (error instanceof ExitStatus) return error.status;
    process.stderr.write(`${explainFailure(error)}\n`);
    return 1;
  }
}

function explainFailure(error: unknown): string {
  const message = error instanceof CommandError ? error.stderrTail.trim() || error.message : messageOf(error);
  const cause = error instanceof StatusError ? error : error instanceof Error ? error.cause : undefined;
  const hint = hintFor(cause);
  return hint === undefined ? `error: ${message}` : `error: ${message}\n${hint}`;
}

function hintFor(cause: unknown): string | undefined {
  if (cause instanceof UnreachableError)
    return "Is it running? `vmpod up` starts it on this machine, `vmpod doctor` says what is wrong.";
  if (isStatus(cause, "ServiceUnavailable"))
    return "The API server answers, but not what it asked: `vmpod explain vm/NAME` says what ails a machine.";
  return undefined;
}
