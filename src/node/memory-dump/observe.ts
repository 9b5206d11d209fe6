/** Looks at the dump of a guest's memory that its instance asks for. Reads only. */
import { lstat } from "node:fs/promises";
import { join } from "node:path";
import type { Pod } from "../../../api/core.ts";
import { dumpFileAnnotation, dumpOfLabel, dumpVolumeOf } from "../../../api/kubevirt/memory-dump.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { unlessMissing } from "../../base/files.ts";
import type { Informer } from "../../client/informer.ts";
import { dumpPipe } from "../../qemu/domain/paths.ts";
import type { QmpClient } from "../../qemu/qmp/client.ts";
import type { DumpInfo } from "../../qemu/qmp/commands.ts";
import { isControlledBy } from "../../runtime/owner-references.ts";
import { emptyDirOf } from "../process/empty-dir.ts";

export interface DumpObservation {
  claimName: string;
  /** Of the volume. */
  name: string;
  /** The one on this node that writes what QEMU sends. */
  pod: Pod | undefined;
  file: string;
  /** It waits for QEMU to open its pipe, which is then taken away. */
  isWaiting: boolean;
  /** What QEMU says of its last dump. */
  qemu: DumpInfo;
  /** Why QEMU refused to begin. */
  refusal: string | undefined;
}

export interface DumpSources {
  /** On this node, indexed `byDumped`. */
  dumpPods: Informer<Pod>;
  kubeletRoot: string;
}

export const byDumped = "dumped-machine";

export const dumpedMachineOf = ({ metadata }: Pod): string =>
  `${metadata?.namespace}/${metadata?.labels?.[dumpOfLabel] ?? ""}`;

/** Undefined when none is asked for. */
export async function observeDump(
  { dumpPods, kubeletRoot }: DumpSources,
  vmi: VirtualMachineInstance,
  { qmp, refusal }: { qmp: () => Promise<QmpClient>; refusal: DumpRefusal | undefined },
): Promise<DumpObservation | undefined> {
  const volume = dumpVolumeOf(vmi.spec);
  if (volume === undefined) return undefined;
  const { namespace, name } = vmi.metadata ?? {};
  const pod = dumpPods
    .byIndex(byDumped, `${namespace}/${name}`)
    .find((each) => isControlledBy(each, vmi) && each.metadata?.deletionTimestamp === undefined);
  const uid = pod?.metadata?.uid ?? "";
  return {
    claimName: volume.memoryDump?.claimName ?? "",
    name: volume.name,
    pod,
    file: pod?.metadata?.annotations?.[dumpFileAnnotation] ?? "",
    isWaiting: pod?.status?.phase === "Running" && (await hasPipe(kubeletRoot, uid)),
    qemu: await (await qmp()).execute("query-dump"),
    refusal: refusal?.podUid === uid ? refusal.message : undefined,
  };
}

export interface DumpRefusal {
  podUid: string;
  message: string;
}

async function hasPipe(kubeletRoot: string, podUid: string): Promise<boolean> {
  const found = await unlessMissing(lstat(join(emptyDirOf(kubeletRoot, podUid, "run"), dumpPipe)));
  return found?.isFIFO() === true;
}
