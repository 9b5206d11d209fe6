import type { Command } from "commander";
import { withConnection } from "../connection.ts";
import { failing } from "../failing.ts";
import { wholeNumber } from "../force.ts";
import { runInGuest } from "../guest-command.ts";
import { examples } from "../program.ts";
import { ExitStatus } from "../run-command-line.ts";
import { parseTarget } from "../target.ts";

interface ExecOptions {
  stdin?: boolean;
  timeout: number;
}

export function define(command: Command): void {
  command
    .argument("<vm/NAME>", "NAME, vm/NAME or vmi/NAME")
    .argument("<command...>", "the program and its arguments, after --")
    .option("-i, --stdin", "pass this command's input on, once it has ended")
    .option("--timeout <seconds>", "kill the program when it takes longer", wholeNumber, 60)
    .action((name: string, argv: string[], options: ExecOptions) => exec(command, name, argv, options));
  examples(
    command,
    ["Needs the guest's agent, but no network and no password", "vmpod exec vm/legacy -- uname -a"],
    ["A pipeline is the guest's shell's", "vmpod exec vm/legacy -- sh -c 'ps | wc -l'"],
    ["Feed a program", "vmpod exec -i vm/legacy -- sh < script.sh"],
  );
}

async function exec(command: Command, text: string, argv: string[], options: ExecOptions): Promise<void> {
  await withConnection(command, async (connection) => {
    const machine = { ...parseTarget(text, connection.namespace, "vm"), kind: "vmi" as const };
    const stdin = options.stdin ? process.stdin : undefined;
    const program = { argv, timeoutSeconds: options.timeout, ...(stdin && { stdin }), onOutput: print };
    const what = `Error executing in VirtualMachineInstance ${machine.name}:`;
    const { exitCode, warnings } = await failing(what, runInGuest(connection, machine, program));
    for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
    if (exitCode !== 0) throw new ExitStatus(exitCode);
  });
}

function print(from: "stdout" | "stderr", bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    process[from].write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}
