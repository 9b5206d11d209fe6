/** How far the copies of container disks are that a launcher makes before it starts QEMU. Pure. */
import type { LauncherPod } from "../launcher/launcher.ts";
import { copiedVolume } from "../launcher/copies.ts";

export interface DiskCopy {
  /** Of the machine. */
  volume: string;
  image: string;
}

export interface FailedCopy extends DiskCopy {
  message: string;
}

/** The one that is under way; they run one after the other. */
export function copyUnderWay(pod: LauncherPod | undefined): DiskCopy | undefined {
  return copiesOf(pod).find(({ state }) => state?.running !== undefined);
}

export function failedCopy(pod: LauncherPod | undefined): FailedCopy | undefined {
  const failed = copiesOf(pod).find(({ state }) => (state?.terminated?.exitCode ?? 0) !== 0);
  if (failed === undefined) return undefined;
  const { exitCode, message, reason } = failed.state?.terminated ?? {};
  return { ...failed, message: message?.trim() || `exit ${exitCode} (${reason ?? "no reason was given"})` };
}

function copiesOf(pod: LauncherPod | undefined) {
  const statuses = new Map((pod?.status?.initContainerStatuses ?? []).map((status) => [status.name, status.state]));
  return (pod?.spec?.initContainers ?? []).flatMap((container) => {
    const volume = copiedVolume(container);
    return volume === undefined ? [] : [{ volume, image: container.image ?? "", state: statuses.get(container.name) }];
  });
}
