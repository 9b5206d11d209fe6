import type { Command } from "commander";

/** What can be typed, taken from the parser itself so that the scripts cannot disagree with it. */
export interface CommandDescription {
  /** Empty for the program itself. */
  name: string;
  summary: string;
  options: OptionDescription[];
  commands: CommandDescription[];
}

export interface OptionDescription {
  /** With dashes, long form last. */
  flags: string[];
  summary: string;
  takesValue: boolean;
}

export function describeCommands(program: Command): CommandDescription {
  return { ...describe(program), name: "" };
}

function describe(command: Command): CommandDescription {
  return {
    name: command.name(),
    summary: command.summary() || command.description(),
    options: command.options.map((option) => ({
      flags: [option.short, option.long].filter((flag) => flag !== undefined && flag !== null),
      summary: option.description,
      takesValue: option.required || option.optional,
    })),
    commands: command.commands.map((sub) => describe(sub)),
  };
}

/** Every word that completes inside a command: its subcommands, its options and the program's. */
export function wordsAfter(command: CommandDescription, program: CommandDescription): string[] {
  const options = command === program ? program.options : [...command.options, ...program.options];
  return [...command.commands.map(({ name }) => name), ...options.flatMap(({ flags }) => flags), "--help"];
}
