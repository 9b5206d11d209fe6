/** Takes the volumes that were made for a machine out of its ownership: they stay, for the next machine of its name. */
import { dataVolumes } from "../../../api/kubevirt/cdi-resources.ts";
import { virtualMachines } from "../../../api/kubevirt/resources.ts";
import type { VirtualMachine } from "../../../api/kubevirt/types.ts";
import type { Client } from "../../client/client.ts";
import { unlessNotFound } from "../../client/unless-not-found.ts";
import { isControlledBy } from "../../runtime/owner-references.ts";
import { release } from "../sets/ownership.ts";

export async function keepVolumes(client: Client, vm: VirtualMachine, signal: AbortSignal): Promise<void> {
  if ((vm.spec.dataVolumeTemplates ?? []).length === 0) return;
  const found = await unlessNotFound(client.list(dataVolumes, { namespace: vm.metadata?.namespace ?? "", signal }));
  for (const object of found?.items ?? [])
    if (isControlledBy(object, vm))
      await release(client, { resource: dataVolumes, object, ownerResource: virtualMachines, owner: vm }, signal);
}
