/**
 * The pod that a guest moves to: a launcher like the one it leaves, whose QEMU waits for it (`-incoming`). Pure: the same
 * migration gives the same pod, also its name, so that it cannot be created twice.
 *
 * Its machine type is the full one that the source's QEMU resolved: a newer QEMU has another meaning for `q35`. It has the processors and
 * the memory that the guest was booted with, because devices have queues for so many processors: what has been added since the target's agent
 * plugs before the guest comes. Its resources are those of what the instance asks for by now, so there it can get the rest.
 */
import { createHash } from "node:crypto";
import type { Pod, PodSpec } from "../../../api/core.ts";
import { asBooted } from "../../../api/kubevirt/as-booted.ts";
import type { VirtConfiguration } from "../../../api/kubevirt/configuration.ts";
import { isConditionTrue, vmiConditions } from "../../../api/kubevirt/conditions.ts";
import { annotations, labels } from "../../../api/kubevirt/names.ts";
import type { VirtualMachineInstanceMigration } from "../../../api/kubevirt/resources.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import type { AutoLimits } from "../virtualmachineinstance/launcher/auto-limits.ts";
import { domainOf } from "../virtualmachineinstance/launcher/domain.ts";
import { podNameSuffix, renderLauncherPod } from "../virtualmachineinstance/launcher/pod.ts";
import { withLevelOf } from "../virtualmachineinstance/launcher/pod-security.ts";

export interface TargetContext {
  launcherImage: string;
  imageVolumes: boolean;
  configuration: VirtConfiguration;
  autoLimits?: AutoLimits;
  blockClaims: ReadonlySet<string>;
  hasOtherNodes: boolean;
}

const hostnameLabel = "kubernetes.io/hostname";

export function targetPodName(vmi: VirtualMachineInstance, migrationUid: string): string {
  const digest = createHash("sha256").update(migrationUid).digest();
  return `virt-launcher-${vmi.metadata?.name}-${podNameSuffix(digest)}`;
}

export function renderTargetPod(
  vmi: VirtualMachineInstance,
  migration: VirtualMachineInstanceMigration,
  context: TargetContext,
): Pod {
  const uid = migration.metadata?.uid ?? "";
  const machineVersion = vmi.status?.machine?.type;
  const accelerator = isConditionTrue(vmi.status?.conditions, vmiConditions.softwareEmulation) ? "tcg" : "kvm";
  const { cpu, memory } = domainOf(asBooted(vmi), accelerator);
  const pod = renderLauncherPod(vmi, {
    ...context,
    accelerator,
    domain: { incoming: true, cpu, memory, ...(machineVersion && { machineVersion }) },
  });
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      name: targetPodName(vmi, uid),
      labels: { ...pod.metadata?.labels, [labels.migrationJobUid]: uid },
      annotations: { ...pod.metadata?.annotations, [annotations.migrationJobName]: migration.metadata?.name ?? "" },
    },
    spec: pod.spec && placed(pod.spec, vmi, migration, context),
  };
}

function placed(
  spec: PodSpec,
  { status }: VirtualMachineInstance,
  migration: VirtualMachineInstanceMigration,
  { hasOtherNodes, configuration }: TargetContext,
): PodSpec {
  const nodeSelector = { ...spec.nodeSelector, ...migration.spec?.addedNodeSelector };
  return {
    ...spec,
    ...(configuration.matchSelinuxLevels && {
      securityContext: withLevelOf(spec.securityContext ?? {}, status?.selinuxContext),
    }),
    ...(Object.keys(nodeSelector).length > 0 && { nodeSelector }),
    ...(hasOtherNodes && status?.nodeName && { affinity: awayFrom(status.nodeName, spec.affinity) }),
  };
}

type Affinity = NonNullable<PodSpec["affinity"]>;

/** Terms are alternatives, so each of them gets the requirement. */
function awayFrom(nodeName: string, affinity: Affinity = {}): Affinity {
  const elsewhere = { key: hostnameLabel, operator: "NotIn" as const, values: [nodeName] };
  const { nodeAffinity } = affinity;
  const terms = nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [{}];
  return {
    ...affinity,
    nodeAffinity: {
      ...nodeAffinity,
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: terms.map((term) => ({
          ...term,
          matchExpressions: [...(term.matchExpressions ?? []), elsewhere],
        })),
      },
    },
  };
}
