/** Whether what serves a machine's file systems is still there. Pure. */
import { computeContainer, type LauncherPod } from "../launcher/launcher.ts";
import { sharedVolume } from "../launcher/filesystems.ts";

export interface LostFilesystem {
  /** Of the machine. */
  volume: string;
  message: string;
}

/**
 * One whose server failed, or was killed. None starts again: it would know nothing of what the guest has open. A server that ends well does so
 * because QEMU is gone, which may be told later.
 */
export function lostFilesystem(pod: LauncherPod | undefined): LostFilesystem | undefined {
  if (pod === undefined || qemuExit(pod) !== undefined) return undefined;
  for (const { name, state } of pod.status?.containerStatuses ?? []) {
    const volume = sharedVolume(name);
    const { exitCode = 0, message, reason } = state?.terminated ?? {};
    if (volume === undefined || exitCode === 0) continue;
    return { volume, message: message?.trim() || `exit ${exitCode} (${reason ?? "no reason was given"})` };
  }
  return undefined;
}

/** How QEMU ended, whatever the other containers do. */
export function qemuExit({ status }: LauncherPod) {
  return status?.containerStatuses?.find(({ name }) => name === computeContainer)?.state?.terminated;
}
