import type { Command } from "commander";
import { guestReport } from "../guest-report.ts";
import { examples } from "../program.ts";

export function define(command: Command): void {
  command
    .argument("<vmi>", "name of the VirtualMachineInstance")
    .action((name: string) => guestReport(command, name, "guestosinfo"));
  examples(command, ["Operating system, kernel, host name and users, as JSON", "vmpod guestosinfo legacy"]);
}
