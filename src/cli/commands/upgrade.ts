import type { Command } from "commander";
import { requireInstalled } from "../../install/install.ts";
import { addInstallFlags, runInstall } from "../install-flags.ts";
import { examples } from "../program.ts";

export function define(command: Command): void {
  command.description(
    "Brings a cluster's vmpod to this program's version, and removes what older versions made and this one does not. Running guests do not notice: their pods are left alone.",
  );
  addInstallFlags(command).action(() =>
    runInstall(command, { prune: true }, ({ client }, namespace) => requireInstalled(client, namespace)),
  );
  examples(
    command,
    ["To this program's version, with the choices of before", "vmpod upgrade"],
    ["To images of your own", "vmpod upgrade --registry registry.example.org/vmpod --tag test-7"],
  );
}
