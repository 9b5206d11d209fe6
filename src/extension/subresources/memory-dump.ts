/** memorydump and removememorydump: what is wanted is written into the VirtualMachine's status; the controllers do it. */
import { persistentVolumeClaims, type PersistentVolumeClaim } from "../../../api/core.ts";
import { dumpPhases, mayDumpMemory, mayRemoveDump, type MemoryDumpRequest } from "../../../api/kubevirt/memory-dump.ts";
import { virtualMachines } from "../../../api/kubevirt/resources.ts";
import type { VirtualMachine } from "../../../api/kubevirt/types.ts";
import { isStatus, StatusError } from "../../base/errors.ts";
import { accepted, type Answer, type ExtensionContext, type SubresourceRequest } from "./context.ts";
import { findVmi, getVm, unlessDenied } from "./objects.ts";
import { isDryRun, textOption } from "./options.ts";

const attempts = 5;

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

/** Decides on fresh objects, and again when somebody else wrote in between. */
async function change(
  { client }: ExtensionContext,
  request: SubresourceRequest,
  decide: (vm: VirtualMachine) => Promise<MemoryDumpRequest>,
): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    const vm = await getVm(client, request);
    const memoryDumpRequest = await decide(vm);
    if (isDryRun(request)) return accepted;
    try {
      await client.updateStatus(virtualMachines, { ...vm, status: { ...vm.status, memoryDumpRequest } });
      return accepted;
    } catch (error) {
      if (!isStatus(error, "Conflict") || attempt === attempts) throw error;
    }
  }
}
