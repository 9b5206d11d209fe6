import type { Command } from "commander";
import { type FreezeOptions, freeze, freezeArguments } from "../freeze.ts";
import { examples } from "../program.ts";

export function define(command: Command): void {
  freezeArguments(command).action((words: string[], options: FreezeOptions) =>
    freeze(command, "unpause", words, options),
  );
  examples(
    command,
    ["Continue a virtual machine", "vmpod unpause vm legacy"],
    ["The same, in kubectl's manner", "vmpod unpause vm/legacy"],
  );
}
