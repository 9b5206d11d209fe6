import { type Command, CommanderError } from "commander";
import { CommandError, isStatus, messageOf, StatusError, UnreachableError } from "../base/errors.ts";
import { buildProgram, commandNameIn, commandsIn, plainSwitches } from "./program.ts";
import { explainVirtctlOnly } from "./virtctl-only.ts";

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
    else await parse(program, argv);
    return 0;
  });
}

async function parse(program: Command, argv: readonly string[]): Promise<void> {
  try {
    await program.parseAsync(plainSwitches(program, argv), { from: "user" });
  } catch (error) {
    const hint = error instanceof CommanderError ? hintForWhoKnowsVirtctl(program, argv, error) : undefined;
    if (hint !== undefined) process.stderr.write(`virtctl has it, vmpod has not: ${hint}\n`);
    throw error;
  }
}

function hintForWhoKnowsVirtctl(program: Command, argv: readonly string[], error: CommanderError): string | undefined {
  if (error.code !== "commander.unknownOption" && error.code !== "commander.unknownCommand") return undefined;
  const [, unknown] = /unknown (?:option|command) '([^']+)'/.exec(error.message) ?? [];
  return unknown === undefined
    ? undefined
    : explainVirtctlOnly(
        commandsIn(program, argv).map((command) => command.name()),
        unknown,
      );
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
