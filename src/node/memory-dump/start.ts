/**
 * Has QEMU send the guest's memory to the pod that writes it:
 *
 *   pod: mkfifo ──▶ opens it to read, waits ──▶ QEMU has opened it: takes its name away ──▶ reads to the end
 *   agent:   sees it ──▶ gives it a name in the launcher, too ──▶ dump-guest-memory ──▶ takes that name away
 *
 * The agent is not between them: killed at any time, it finds out from QEMU and the pod how far they are. QEMU's main loop would stop for as
 * long as nobody reads from what it opens; so we do, too, until it has, and it is only asked while the pod waits.
 */
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { dumpPipe, launcherPaths } from "../../qemu/domain/paths.ts";
import type { QmpClient } from "../../qemu/qmp/client.ts";
import { emptyDirOf } from "../process/empty-dir.ts";
import { shareFile, unshareFile } from "../process/share-file.ts";

export interface DumpEnds {
  kubeletRoot: string;
  /** Uids of the pods. */
  launcher: string;
  writer: string;
}

const readerFlags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;

/** @throws QmpError when QEMU refuses; ENOENT when the pod waits no more */
export async function startDump(qmp: QmpClient, { kubeletRoot, launcher, writer }: DumpEnds): Promise<void> {
  const pipe = { kubeletRoot, from: writer, to: launcher, volume: "run", name: dumpPipe } as const;
  await using _reader = await open(join(emptyDirOf(kubeletRoot, writer, "run"), dumpPipe), readerFlags);
  await shareFile(pipe);
  try {
    const protocol = `file:${launcherPaths.run}/${dumpPipe}` as const;
    await qmp.execute("dump-guest-memory", { paging: false, protocol, detach: true });
  } finally {
    await unshareFile(pipe);
  }
}
