/** addvolume and removevolume: the volume and its disk are written into a spec, or taken from it; who plugs them in sees it there. */
import { type PersistentVolumeClaim, persistentVolumeClaims } from "../../../api/core.ts";
import { refuseGated } from "../../../api/kubevirt/feature-gates.ts";
import { withoutDumpVolume } from "../../../api/kubevirt/memory-dump.ts";
import { virtualMachineInstances, virtualMachines } from "../../../api/kubevirt/resources.ts";
import type { VirtualMachineInstance, VirtualMachineInstanceSpec } from "../../../api/kubevirt/types.ts";
import { validateVirtualMachineInstance } from "../../../api/kubevirt/validate/vmi.ts";
import type { Verdict } from "../../../api/kubevirt/admissibility.ts";
import {
  type AddedVolume,
  mayAddToInstance,
  mayAddToMachine,
  mayRemoveFromInstance,
  mayRemoveFromMachine,
  type VolumeSituation,
} from "../../../api/kubevirt/volume-request.ts";
import { unlessNotFound } from "../../client/unless-not-found.ts";
import { isControlledBy } from "../../runtime/owner-references.ts";
import { refuseCauses } from "../admission/invalid.ts";
import { decideAndWrite } from "./change.ts";
import type { Answer, ExtensionContext, SubresourceRequest } from "./context.ts";
import { findVmi, getVm, getVmi, unlessDenied } from "./objects.ts";
import { isDryRun } from "./options.ts";
import { addedVolume, removedVolume } from "./volume-options.ts";

type Changed = Verdict<{ spec: VirtualMachineInstanceSpec }>;

export async function addVolumeToMachine(context: ExtensionContext, request: SubresourceRequest): Promise<Answer> {
  const added = addedVolume(request.body);
  return changeMachine(context, request, async (situation) =>
    mayAddToMachine(situation, added, await findClaim(context, request, added)),
  );
}

export async function removeVolumeFromMachine(context: ExtensionContext, request: SubresourceRequest): Promise<Answer> {
  const name = removedVolume(request.body);
  return changeMachine(context, request, (situation) => mayRemoveFromMachine(situation, name));
}

export async function addVolumeToInstance(context: ExtensionContext, request: SubresourceRequest): Promise<Answer> {
  const added = addedVolume(request.body);
  return changeInstance(context, request, async (vmi) =>
    mayAddToInstance(vmi, added, await findClaim(context, request, added)),
  );
}

export async function removeVolumeFromInstance(
  context: ExtensionContext,
  request: SubresourceRequest,
): Promise<Answer> {
  const name = removedVolume(request.body);
  return changeInstance(context, request, (vmi) => mayRemoveFromInstance(vmi, name));
}

function findClaim(
  { client }: ExtensionContext,
  { namespace }: SubresourceRequest,
  { source }: AddedVolume,
): Promise<PersistentVolumeClaim | undefined> {
  return unlessNotFound(client.get(persistentVolumeClaims, { namespace, name: source.claimName }));
}

/** Its template; the machine's controller tells the running instance. */
function changeMachine(
  { client }: ExtensionContext,
  request: SubresourceRequest,
  decide: (situation: VolumeSituation) => Changed | Promise<Changed>,
): Promise<Answer> {
  return decideAndWrite(
    async () => {
      const [vm, found] = await Promise.all([getVm(client, request), findVmi(client, request)]);
      const vmi = found && isControlledBy(found, vm) && !hasEnded(found) ? found : undefined;
      const { spec } = unlessDenied(await decide({ vm, vmi }), "virtualmachine", request.name);
      return { vm, spec };
    },
    ({ vm, spec }) => {
      const template = { ...vm.spec.template, spec };
      const changed = { ...vm, spec: { ...vm.spec, template } };
      return client.update(virtualMachines, changed, { dryRun: isDryRun(request) });
    },
  );
}

function hasEnded({ status }: VirtualMachineInstance): boolean {
  return status?.phase === "Succeeded" || status?.phase === "Failed";
}

/** Admission lets the extension write what it likes into an instance: so it is checked here, by the same rules. */
function changeInstance(
  { client, configuration }: ExtensionContext,
  request: SubresourceRequest,
  decide: (vmi: VirtualMachineInstance) => Changed | Promise<Changed>,
): Promise<Answer> {
  return decideAndWrite(
    async () => {
      const vmi = await getVmi(client, request);
      const { spec } = unlessDenied(await decide(vmi), "virtualmachineinstance", request.name);
      const checked = withoutDumpVolume(spec);
      const causes = [...validateVirtualMachineInstance(checked), ...refuseGated(checked, configuration())];
      refuseCauses(virtualMachineInstances, vmi, causes);
      return { vmi, spec };
    },
    ({ vmi, spec }) => {
      const { namespace, name = "", resourceVersion } = vmi.metadata ?? {};
      const domain = { devices: { disks: spec.domain.devices.disks ?? null } };
      const body = { metadata: { resourceVersion }, spec: { volumes: spec.volumes ?? null, domain } };
      const patch = { type: "merge", body } as const;
      return client.patch(virtualMachineInstances, { namespace, name }, patch, { dryRun: isDryRun(request) });
    },
  );
}
