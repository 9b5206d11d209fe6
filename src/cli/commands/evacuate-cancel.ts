import type { Command } from "commander";
import { withConnection } from "../connection.ts";
import { failing } from "../failing.ts";
import { examples } from "../program.ts";
import { dryRunOption, putSubresource } from "../subresource.ts";
import { parseTarget } from "../target.ts";

export function define(command: Command): void {
  command
    .argument("<type-and-name...>", "vm NAME or vmi NAME")
    .option("--dry-run", "only check whether it could be done")
    .action((words: string[], options: { dryRun?: boolean }) => cancel(command, words, options));
  examples(command, ["Let a machine stay on its node, which is being drained", "vmpod evacuate-cancel vm legacy"]);
}

async function cancel(command: Command, words: string[], { dryRun }: { dryRun?: boolean }): Promise<void> {
  if (words.length > 2) throw new Error("give one machine: vmpod evacuate-cancel vm NAME");
  await withConnection(command, async ({ client, namespace }) => {
    const machine = parseTarget(words.join("/"), namespace, "vm");
    const called = `${machine.kind.toUpperCase()} ${machine.namespace}/${machine.name}`;
    await failing(
      `error canceling evacuation for ${called}:`,
      putSubresource(client, machine, "evacuate/cancel", dryRunOption(dryRun)),
    );
    console.log(`${called} was canceled evacuation`);
  });
}
