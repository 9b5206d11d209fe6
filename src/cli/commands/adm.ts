import type { Command } from "commander";
import { defineLogVerbosity } from "../adm/log-verbosity.ts";
import { examples } from "../program.ts";

export function define(command: Command): void {
  defineLogVerbosity(command.command("log-verbosity"));
  examples(
    command,
    ["How much the node agents log", "vmpod adm log-verbosity --virt-handler"],
    ["More of them", "vmpod adm log-verbosity --virt-handler=4"],
    ["As before", "vmpod adm log-verbosity --reset"],
  );
}
