import type { CommandDescription, OptionDescription } from "./describe-commands.ts";

export function fishScript(program: CommandDescription): string {
  const names = program.commands.map(({ name }) => name).join(" ");
  const lines = [
    "# fish completion for vmpod",
    ...program.commands.map(
      ({ name, summary }) =>
        `complete -c vmpod -n "not __fish_seen_subcommand_from ${names}" -f -a ${name} -d ${quoted(summary)}`,
    ),
    ...program.options.map((option) => `complete -c vmpod ${optionWords(option)}`),
    ...program.commands.flatMap((command) =>
      command.options.map(
        (option) => `complete -c vmpod -n "__fish_seen_subcommand_from ${command.name}" ${optionWords(option)}`,
      ),
    ),
  ];
  return `${lines.join("\n")}\n`;
}

function optionWords({ flags, summary, takesValue }: OptionDescription): string {
  const words = flags.map((flag) => (flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  return [...words, takesValue && "-r", `-d ${quoted(summary)}`].filter(Boolean).join(" ");
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
