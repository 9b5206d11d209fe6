/** memorydump and removememorydump: what is wanted is written into the VirtualMachine's status; the controllers do it. */
import { persistentVolumeClaims, type PersistentVolumeClaim } from "../../../api/core.ts";
import { dumpPhases, mayDumpMemory, mayRemoveDump, type MemoryDumpRequest } from "../../../api/kubevirt/memory-dump.ts";
import { virtualMachines } from "../../../api/kubevirt/resources.ts";
import type { VirtualMachine } from "../../../api/kubevirt/types.ts";
import { StatusError } from "../../base/errors.ts";
import { decideAndWrite } from "./change.ts";
import type { Answer, ExtensionContext, SubresourceRequest } from "./context.ts";
import { findVmi, getVm, unlessDenied } from "./objects.ts";
import { isDryRun, textOption } from "./options.ts";

/** Without a claim's name the claim of the last dump is meant. */
export function dumpMemory(context: ExtensionContext, request: SubresourceRequest): Promise<Answer> {
  return change(context, request, async (vm) => {
    const claimName = textOption(request.body, "claimName") || vm.status?.memoryDumpRequest?.claimName;
    if (!claimName) {
      const message = "Memory dump requires claim name on first request: claimName names a PersistentVolumeClaim";
      throw new StatusError("BadRequest", message);
    }
    const [vmi, claim] = await Promise.all([findVmi(context.client, request), getClaim(context, request, claimName)]);
    unlessDenied(mayDumpMemory({ vm, vmi, claim }), "virtualmachine", request.name);
    return { claimName, phase: dumpPhases.associating };
  });
}

export function removeMemoryDump(context: ExtensionContext, request: SubresourceRequest): Promise<Answer> {
  return change(context, request, (vm) => {
    const { claimName } = unlessDenied(mayRemoveDump(vm), "virtualmachine", request.name);
    return Promise.resolve({ claimName, phase: dumpPhases.dissociating, remove: true });
  });
}

function getClaim(
  { client }: ExtensionContext,
  { namespace }: SubresourceRequest,
  name: string,
): Promise<PersistentVolumeClaim> {
  return client.get(persistentVolumeClaims, { namespace, name });
}

async function change(
  { client }: ExtensionContext,
  request: SubresourceRequest,
  decide: (vm: VirtualMachine) => Promise<MemoryDumpRequest>,
): Promise<Answer> {
  return decideAndWrite(
    async () => {
      const vm = await getVm(client, request);
      return { vm, memoryDumpRequest: await decide(vm) };
    },
    async ({ vm, memoryDumpRequest }) => {
      if (isDryRun(request)) return;
      await client.updateStatus(virtualMachines, { ...vm, status: { ...vm.status, memoryDumpRequest } });
    },
  );
}
