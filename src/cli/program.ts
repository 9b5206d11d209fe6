import { Command } from "commander";
import { type CommandEntry, entries } from "./entries.ts";

/** Options of every client command; accepted before and after the command's name. */
export interface GlobalOptions {
  kubeconfig?: string;
  context?: string;
  namespace?: string;
}

const optionsWithValue = new Set(["--kubeconfig", "--context", "--namespace", "-n"]);

/** The command line's parser with the commands in `loaded` fully defined and all others listed. */
export async function buildProgram(loaded: (entry: CommandEntry) => boolean): Promise<Command> {
  const program = new Command("vmpod")
    .description("Virtual machines and containers side by side, as pods, behind one Kubernetes API.")
    .option("--kubeconfig <file>", "kubeconfig to use (default: $KUBECONFIG, this machine's vmpod, ~/.kube/config)")
    .option("--context <name>", "context of the kubeconfig")
    .option("-n, --namespace <name>", "namespace (default: the context's, else default)")
    .configureHelp({ showGlobalOptions: true, subcommandTerm: (command) => command.name() })
    .helpCommand(false)
    .addHelpText("after", "\nStart here:  vmpod up     then:  kubectl get vm,pods     help:  vmpod COMMAND --help");
  for (const entry of entries) {
    const command = program.command(entry.name).summary(entry.summary).description(`${entry.summary}.`);
    command.helpGroup(entry.group);
    if (entry.load && loaded(entry)) (await entry.load()).define(command);
  }
  return program;
}

/** The command that an argument list uses: its first word that is neither an option nor an option's value. */
export function commandNameIn(argv: readonly string[]): string | undefined {
  return argv.find((word, index) => !word.startsWith("-") && !optionsWithValue.has(argv[index - 1] ?? ""));
}

/** The command that is meant, after those that it is part of: create, vm. As far as there are such. */
export function commandsIn(program: Command, argv: readonly string[]): Command[] {
  for (const [index, word] of argv.entries()) {
    const command = program.commands.find((each) => each.name() === word);
    if (command !== undefined) return [command, ...commandsIn(command, argv.slice(index + 1))];
  }
  return [];
}

/** Without the values of switches, which Go's flags may have: `--paused=true` is `--paused`, and `--paused=false` nothing. */
export function plainSwitches(program: Command, argv: readonly string[]): string[] {
  const options = [program, ...commandsIn(program, argv)].flatMap((command) => command.options);
  const isSwitch = (name: string): boolean =>
    options.some(({ long, required, optional }) => long === name && !required && !optional);
  const end = argv.indexOf("--");
  return argv.flatMap((word, index) => {
    const [, name = "", value] = /^(--[\w-]+)=(true|false)$/.exec(word) ?? [];
    if (!isSwitch(name) || (end !== -1 && index > end)) return [word];
    return value === "true" ? [name] : [];
  });
}

/** Shows examples at the end of a command's help: what each does, and the line to type. */
export function examples(command: Command, ...lines: [purpose: string, line: string][]): void {
  const text = lines.map(([purpose, line]) => `  # ${purpose}\n  ${line}`).join("\n");
  command.addHelpText("after", `\nExamples:\n${text}`);
}
