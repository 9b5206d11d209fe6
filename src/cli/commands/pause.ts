import type { Command } from "commander";
import { type FreezeOptions, freeze, freezeArguments } from "../freeze.ts";
import { examples } from "../program.ts";

export function define(command: Command): void {
  freezeArguments(command).action((words: string[], options: FreezeOptions) =>
    freeze(command, "pause", words, options),
  );
  examples(
    command,
    ["Freeze a virtual machine", "vmpod pause vm legacy"],
    ["The same, in kubectl's manner", "vmpod pause vm/legacy"],
  );
}
