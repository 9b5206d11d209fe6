import type { Command } from "commander";
import { uninstall } from "../../install/uninstall.ts";
import { withConnection } from "../connection.ts";
import { namespaceFrom, timeoutOption } from "../install-flags.ts";
import { examples, type GlobalOptions } from "../program.ts";
import { createProgress } from "../progress.ts";

interface UninstallFlags extends GlobalOptions {
  withMachines?: boolean;
  timeout: number;
}

export function define(command: Command): void {
  command
    .description(
      "Removes vmpod from a cluster: all that `vmpod install` made and nothing else. Refuses while there are machines.",
    )
    .option("--with-machines", "shut all guests down and remove all machines, too; their volume claims stay")
    .addOption(timeoutOption())
    .action(() => run(command));
  examples(
    command,
    ["When there are no machines any more", "vmpod uninstall"],
    ["With all machines in it", "vmpod uninstall --with-machines --timeout 10m"],
  );
}

async function run(command: Command): Promise<void> {
  const flags = command.optsWithGlobals<UninstallFlags>();
  const { withMachines = false, timeout: timeoutMs } = flags;
  const say = createProgress();
  await withConnection(command, ({ client }) =>
    uninstall({ client, namespace: namespaceFrom(flags), withMachines, onProgress: say, timeoutMs }),
  );
  say("vmpod is removed");
}
