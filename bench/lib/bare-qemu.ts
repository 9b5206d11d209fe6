/**
 * The yardstick: QEMU started by hand, with the arguments that a pod's QEMU has and the same disk, but without a pod
 * around it, an API or an agent. Where a machine's agent plugs disk and NIC over the monitor, here they are arguments.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { launcherPaths } from "../../src/qemu/domain/paths.ts";
import type { PodProcess } from "../../test/embedded/processes.ts";

export interface BareQemu {
  pid: number;
  /** From the start of the process to the first answer of its guest agent. */
  answeredMs: number;
  stop(): Promise<void>;
}

export interface BareQemuOptions {
  /** Called when everything is copied from the pod, before QEMU starts. */
  whenReady?: () => void;
}

/** Returns when the guest agent answers. */
export async function startBareQemu(model: PodProcess, { whenReady }: BareQemuOptions = {}): Promise<BareQemu> {
  const {
    pid,
    argv: [, ...args],
  } = model;
  const directory = mkdtempSync(join(tmpdir(), "vmpod-bare-"));
  const disk = join(directory, "disk.qcow2");
  copyFileSync(`/proc/${pid}/root${launcherPaths.containerDisks}/root/disk/guest.qcow2`, disk);
  const own = args.filter((word) => word !== "-S").map((word) => word.replaceAll(launcherPaths.run, directory));
  const plugged = [
    ["-drive", `if=none,id=root,format=qcow2,snapshot=on,file=${disk}`],
    ["-device", "virtio-blk-pci,drive=root,bus=port0,bootindex=1"],
    ["-netdev", "user,id=default"],
    ["-device", "virtio-net-pci,netdev=default,bus=port1,romfile="],
  ];
  whenReady?.();
  const startedAt = performance.now();
  const child = spawn("qemu-system-x86_64", [...own, ...plugged.flat()], { stdio: ["ignore", "ignore", "inherit"] });
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.kill("SIGKILL")) await once(child, "close");
    rmSync(directory, { recursive: true });
  };
  try {
    await untilAgentAnswers(child, join(directory, "qga.sock"));
  } catch (error) {
    await stop();
    throw error;
  }
  return { pid: child.pid ?? 0, answeredMs: performance.now() - startedAt, stop };
}

/** QEMU keeps the question until the guest opens its port. */
async function untilAgentAnswers(child: ChildProcess, socketPath: string): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`qemu-system-x86_64 ended with status ${child.exitCode}`);
    const socket = connect(socketPath);
    try {
      await once(socket, "connect");
      socket.write('{"execute":"guest-ping"}\n');
      await once(socket, "data", { signal: AbortSignal.timeout(180_000) });
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "ENOENT" && code !== "ECONNREFUSED") throw error;
      await delay(5); // the socket is not there yet, and nothing tells when it is
    } finally {
      socket.destroy();
    }
  }
}
