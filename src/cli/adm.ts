import type { Command } from "commander";
import { defineLogVerbosity } from "./adm/log-verbosity.ts";

export function define(command: Command): void {
  defineLogVerbosity(command.command("log-verbosity"));
}
