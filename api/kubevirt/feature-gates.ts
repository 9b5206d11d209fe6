/** What an administrator has to permit: it gives the users of a namespace more than the namespace. */
import { forbidden, type StatusCause } from "./validate/causes.ts";
import type { VirtConfiguration } from "./configuration.ts";
import type { VirtualMachineInstanceSpec } from "./types.ts";

export const hostDiskGate = "HostDisk";

export function refuseGated(
  spec: VirtualMachineInstanceSpec,
  { hostDisks }: Pick<VirtConfiguration, "hostDisks">,
  path = "spec",
): StatusCause[] {
  if (hostDisks) return [];
  const message =
    `files of the node are not for everybody: an administrator adds ${hostDiskGate} to ` +
    "spec.configuration.developerConfiguration.featureGates of the KubeVirt resource; or use persistentVolumeClaim";
  return (spec.volumes ?? []).flatMap(({ hostDisk }, index) =>
    hostDisk ? [forbidden(`${path}.volumes[${index}].hostDisk`, message)] : [],
  );
}
