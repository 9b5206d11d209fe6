import { type Command, Option } from "commander";
import { type PersistentVolumeClaim, persistentVolumeClaims } from "../../../api/core.ts";
import { dumpBytes } from "../../../api/kubevirt/memory-dump.ts";
import { virtualMachineInstances } from "../../../api/kubevirt/resources.ts";
import { formatBytes } from "../../base/quantity.ts";
import { type Connection, withConnection } from "../connection.ts";
import { failing } from "../failing.ts";
import { examples } from "../program.ts";
import { type Machine, putSubresource } from "../subresource.ts";

interface GetOptions {
  claimName?: string;
  createClaim?: boolean;
  storageClass?: string;
  accessMode: string;
}

const accessModes = ["ReadWriteOnce", "ReadWriteMany", "ReadWriteOncePod"];

export function define(command: Command): void {
  defineGet(command.command("get"));
  defineDownload(command.command("download"));
  defineRemove(command.command("remove"));
  examples(
    command,
    [
      "Write a guest's memory into a claim that is made for it",
      "vmpod memory-dump get legacy --claim-name=dump --create-claim",
    ],
    ["Write it there again, in the place of the last", "vmpod memory-dump get legacy"],
    ["See how far it is", "kubectl get vm legacy -o jsonpath={.status.memoryDumpRequest}"],
    ["Let the claim go; the dump stays in it", "vmpod memory-dump remove legacy"],
  );
}

function defineGet(get: Command): void {
  get
    .summary("Ask for a dump")
    .description("Asks for a dump of the guest's memory. The guest stands still while it is written.")
    .argument("<vm>", "name of the VirtualMachine")
    .option("--claim-name <name>", "PersistentVolumeClaim to write into (default: that of the last dump)")
    .option("--create-claim", "make the claim, large enough")
    .option("--storage-class <name>", "of the claim that is made")
    .addOption(
      new Option("--access-mode <mode>", "of the claim that is made").choices(accessModes).default(accessModes[0]),
    )
    .action((name: string, options: GetOptions) => dump(get, name, options));
}

function defineDownload(download: Command): void {
  download
    .summary("Not available yet")
    .description("Would fetch a dump; not available yet.")
    .argument("<vm>", "name of the VirtualMachine")
    .allowUnknownOption()
    .allowExcessArguments()
    .action((name: string) => {
      throw new Error(
        "memory-dump download needs VirtualMachineExports, which are not available yet: mount the claim in a pod " +
          `and \`kubectl cp\` the file from there; \`kubectl get vm ${name} -o jsonpath={.status.memoryDumpRequest}\` names both`,
      );
    });
}

function defineRemove(remove: Command): void {
  remove
    .summary("Let the claim go")
    .description("Ends a dump that is under way, and lets the claim go. What is in it stays.")
    .argument("<vm>", "name of the VirtualMachine")
    .action((name: string) =>
      withConnection(remove, async ({ client, namespace }) => {
        const machine: Machine = { kind: "vm", namespace, name };
        await failing(
          `error removing memory dump association, VM ${name}:`,
          putSubresource(client, machine, "removememorydump", {}),
        );
        console.log(`Successfully submitted remove memory dump association of VM ${name}`);
      }),
    );
}

async function dump(command: Command, name: string, options: GetOptions): Promise<void> {
  const { claimName, createClaim } = options;
  if (createClaim && !claimName)
    throw new Error("--create-claim needs the name that the claim is to have: --claim-name");
  await withConnection(command, async (connection) => {
    const { client, namespace } = connection;
    if (createClaim) await makeClaim(connection, name, options);
    const machine: Machine = { kind: "vm", namespace, name };
    await failing(
      `error dumping vm memory, VM ${name}:`,
      putSubresource(client, machine, "memorydump", { ...(claimName && { claimName }) }),
    );
    console.log(`Successfully submitted memory dump request of VM ${name}`);
  });
}

async function makeClaim({ client, namespace }: Connection, vm: string, options: GetOptions): Promise<void> {
  const { claimName = "", storageClass, accessMode } = options;
  const asked = client.get(virtualMachineInstances, { namespace, name: vm });
  const { spec } = await failing(`error dumping vm memory, VM ${vm} does not run:`, asked);
  const claim: PersistentVolumeClaim = {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: claimName, namespace },
    spec: {
      accessModes: [accessMode as "ReadWriteOnce"],
      resources: { requests: { storage: formatBytes(dumpBytes(spec)) } },
      ...(storageClass && { storageClassName: storageClass }),
    },
  };
  await failing(`error creating claim ${claimName}:`, client.create(persistentVolumeClaims, claim));
  console.log(`PVC ${namespace}/${claimName} created`);
}
