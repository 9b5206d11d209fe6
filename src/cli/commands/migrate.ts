import { type Command, InvalidArgumentError } from "commander";
import { withConnection } from "../connection.ts";
import { failing } from "../failing.ts";
import { examples } from "../program.ts";
import { dryRunOption, putSubresource } from "../subresource.ts";

interface MigrateOptions {
  dryRun?: boolean;
  addedNodeSelector?: Record<string, string>;
}

export function define(command: Command): void {
  command
    .argument("<vm>", "name of the VirtualMachine")
    .option("--dry-run", "only check whether it would be accepted")
    .option(
      "--addedNodeSelector <key=value,...>",
      "labels that the target node must have, besides those that the machine asks for",
      parseSelector,
    )
    .action((name: string, options: MigrateOptions) => migrate(command, name, options));
  examples(
    command,
    ["Move a running machine to a fresh pod, with a new QEMU", "vmpod migrate legacy"],
    ["See how far it is", "kubectl get vmim"],
  );
}

function parseSelector(text: string): Record<string, string> {
  return Object.fromEntries(text.split(",").map(parsePair));
}

function parsePair(pair: string): [string, string] {
  const [key = "", value, ...more] = pair.split("=");
  if (key === "" || value === undefined || more.length > 0) {
    throw new InvalidArgumentError(`${JSON.stringify(pair)} is not of the form key=value.`);
  }
  return [key, value];
}

async function migrate(command: Command, name: string, options: MigrateOptions): Promise<void> {
  const { addedNodeSelector } = options;
  const body = { ...(addedNodeSelector && { addedNodeSelector }), ...dryRunOption(options.dryRun) };
  await withConnection(command, ({ client, namespace }) =>
    failing("error migrating VirtualMachine", putSubresource(client, { kind: "vm", namespace, name }, "migrate", body)),
  );
  console.log(`VM ${name} was scheduled to migrate`);
}
