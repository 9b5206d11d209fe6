import type { Command } from "commander";
import { isFinalMigration, migrationSelector } from "../../../api/kubevirt/migration/migration.ts";
import { virtualMachineInstanceMigrations } from "../../../api/kubevirt/resources.ts";
import type { Client } from "../../client/client.ts";
import { withConnection } from "../connection.ts";
import { failing } from "../failing.ts";
import { examples } from "../program.ts";

export function define(command: Command): void {
  command
    .argument("<vm>", "name of the VirtualMachine")
    .option("--dry-run", "only check whether it would be accepted")
    .action((name: string, options: { dryRun?: boolean }) => cancel(command, name, options));
  examples(command, ["Leave a machine that is being migrated where it is", "vmpod migrate-cancel legacy"]);
}

async function cancel(command: Command, name: string, { dryRun }: { dryRun?: boolean }): Promise<void> {
  await withConnection(command, async ({ client, namespace }) => {
    const migration = await activeMigration(client, namespace, name);
    const key = { namespace, name: migration };
    await failing(
      `Error canceling migration ${migration} of a VirtualMachine ${name}`,
      client.delete(virtualMachineInstanceMigrations, key, { dryRun }),
    );
  });
  console.log(`VM ${name} was scheduled to migrate-cancel`);
}

/** There may be many that have ended, but one only that has not. */
async function activeMigration(client: Client, namespace: string, vmiName: string): Promise<string> {
  const labelSelector = migrationSelector(vmiName);
  const { items } = await client.list(virtualMachineInstanceMigrations, { namespace, labelSelector });
  const name = items.find((migration) => !isFinalMigration(migration))?.metadata?.name;
  if (name === undefined) throw new Error(`Found no migration to cancel for ${vmiName}`);
  return name;
}
