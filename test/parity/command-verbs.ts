/** The verbs of vmpod's command line, as its parser has them: `start`, `create vm`, `adm log-verbosity` ... */
import type { Command } from "commander";
import { buildProgram } from "../../src/cli/program.ts";

export const commandVerbs: readonly string[] = verbsBelow(await buildProgram(() => true));

/** Whatever does something by itself: `vnc` does, and so does its `vnc screenshot`; `create` alone does not. */
function verbsBelow(command: Command, path: readonly string[] = []): string[] {
  const below = command.commands.flatMap((each) => verbsBelow(each, [...path, each.name()]));
  const actsItself = command.commands.length === 0 || command.registeredArguments.length > 0;
  return [...(actsItself && path.length > 0 ? [path.join(" ")] : []), ...below];
}

/** The verb that a command line uses. @throws Error when there is none such */
export function verbOf([first = "", second = ""]: readonly string[]): string {
  const verb = [`${first} ${second}`, first].find((each) => commandVerbs.includes(each));
  if (verb === undefined) throw new Error(`vmpod has no verb ${first} ${second}`);
  return verb;
}
