import type { Command } from "commander";
import { addInstallFlags, runInstall } from "../install-flags.ts";
import { examples } from "../program.ts";

export function define(command: Command): void {
  command.description(
    "Installs vmpod into a Kubernetes cluster, in namespace vmpod. It may be run again at any time: what was chosen before stays chosen.",
  );
  addInstallFlags(command).action(() => runInstall(command, {}));
  examples(
    command,
    ["From a registry (see `vmpod images push`)", "vmpod install --registry registry.example.org/vmpod"],
    ["With images that are on the nodes already", "vmpod install --context lab --image-pull-policy Never"],
    ["Look first", "vmpod install --registry registry.example.org/vmpod --dry-run"],
  );
}
