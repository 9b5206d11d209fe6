/** A claim that is bound to a volume of this node (`hostPath` or `local`). */
import { stat } from "node:fs/promises";
import {
  type PersistentVolume,
  type PersistentVolumeClaimVolumeSource,
  persistentVolumeClaims,
  persistentVolumes,
} from "../../../api/core.ts";
import { TerminalError } from "../../base/errors.ts";
import type { MountedVolume } from "../pods/memory.ts";
import { getIfThere } from "../references.ts";
import { hostPath } from "./host-path.ts";
import type { VolumeInput } from "./set-up.ts";
import { applyFsGroup } from "./volume-dir.ts";

export async function persistentVolumeClaim(
  { context, pod }: VolumeInput,
  source: PersistentVolumeClaimVolumeSource,
): Promise<MountedVolume> {
  const { client } = context;
  const claim = await getIfThere(client, persistentVolumeClaims, pod.metadata?.namespace, source.claimName);
  if (claim === undefined) {
    throw new TerminalError("FailedMount", `persistentvolumeclaim "${source.claimName}" not found`);
  }
  const volumeName = claim.spec?.volumeName;
  if (volumeName === undefined || claim.status?.phase !== "Bound") {
    throw new TerminalError("FailedMount", `persistentvolumeclaim "${source.claimName}" is not bound to a volume yet`);
  }
  const volume = await getIfThere(client, persistentVolumes, undefined, volumeName);
  if (volume === undefined) {
    throw new TerminalError("FailedMount", `persistentvolume "${volumeName}" of the claim not found`);
  }
  const path = await pathOf(volume);
  const block = volume.spec?.volumeMode === "Block";
  const readOnly = source.readOnly === true || (claim.spec?.accessModes ?? []).every((mode) => mode === "ReadOnlyMany");
  if (!block && !readOnly) {
    await applyFsGroup(path, pod);
  }
  return { hostPath: path, readOnly };
}

async function pathOf(volume: PersistentVolume): Promise<string> {
  const { hostPath: host, local } = volume.spec ?? {};
  if (host !== undefined) {
    return (await hostPath({ path: host.path, type: host.type ?? "DirectoryOrCreate" })).hostPath;
  }
  if (local !== undefined) {
    await stat(local.path); // must be there: its absence is the error to show
    return local.path;
  }
  const name = volume.metadata?.name;
  throw new TerminalError("FailedMount", `persistentvolume "${name}" is neither hostPath nor local`);
}
