/** migrate: makes the object that asks for it; the migration controller does the rest. */
import { mayMigrate } from "../../../api/kubevirt/admissibility.ts";
import { virtualMachineInstanceMigrations } from "../../../api/kubevirt/resources.ts";
import { accepted, type Answer, type ExtensionContext, type SubresourceRequest } from "./context.ts";
import { findVmi, getVm, unlessDenied } from "./objects.ts";
import { isDryRun, textMapOption } from "./options.ts";

export async function migrate({ client }: ExtensionContext, request: SubresourceRequest): Promise<Answer> {
  const { namespace, name, body } = request;
  const addedNodeSelector = textMapOption(body, "addedNodeSelector");
  await getVm(client, request);
  unlessDenied(mayMigrate(await findVmi(client, request)), "virtualmachine", name);
  const migration = {
    apiVersion: "kubevirt.io/v1",
    kind: "VirtualMachineInstanceMigration",
    metadata: { generateName: "kubevirt-migrate-vm-", namespace },
    spec: { vmiName: name, ...(addedNodeSelector && { addedNodeSelector }) },
  };
  await client.create(virtualMachineInstanceMigrations, migration, { dryRun: isDryRun(request) });
  return accepted;
}
