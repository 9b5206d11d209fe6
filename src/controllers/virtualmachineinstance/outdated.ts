import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";

/** It runs the QEMU of another image than one that is started now would. Pure. */
export function isOutdated({ status }: VirtualMachineInstance, launcherImage: string): boolean {
  const image = status?.launcherContainerImageVersion;
  return status?.phase === "Running" && !!image && image !== launcherImage;
}
