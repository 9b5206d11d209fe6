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
import { qemuProgram } from "../../src/qemu/domain/arguments.ts";
import { launcherPaths } from "../../src/qemu/domain/paths.ts";
import { endWithParent } from "../../src/qemu/probe/end-with-parent.ts";
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
  const directory = mkdtempSync(join(tmpdir(), "vmpod-bare-"));
  const disk = join(directory, "disk.qcow2");
  copyFileSync(baseImageOf(model), disk);
  const args = runningArguments(model, directory, disk);
  whenReady?.();
  const startedAt = performance.now();
  const child = spawnBare(args);
  const stop = async (): Promise<void> => {
    await endBare(child);
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

/** Those of the pod's QEMU, but with its sockets in `directory`. */
export function bareArguments({ argv: [, ...args] }: PodProcess, directory: string): string[] {
  return args.map((word) => word.replaceAll(launcherPaths.run, directory));
}

/** And with a disk of its own over `disk`, and QEMU's own network; it runs at once. */
export function runningArguments(model: PodProcess, directory: string, disk: string): string[] {
  const plugged = [
    ["-drive", `if=none,id=root,format=qcow2,snapshot=on,file=${disk}`],
    ["-device", "virtio-blk-pci,drive=root,bus=port0,bootindex=1"],
    ["-netdev", "user,id=default"],
    ["-device", "virtio-net-pci,netdev=default,bus=port1,romfile="],
  ];
  return [...bareArguments(model, directory).filter((word) => word !== "-S"), ...plugged.flat()];
}

/** What the root disk of the pod's QEMU is an overlay over, as a path on the host. */
export function baseImageOf({ pid }: PodProcess): string {
  return `/proc/${pid}/root${launcherPaths.containerDisks}/root/disk/guest.qcow2`;
}

/** It ends with us, also when we are killed. */
export function spawnBare(args: string[]): ChildProcess {
  const [program = "", ...argv] = [...endWithParent, qemuProgram, ...args];
  return spawn(program, argv, { stdio: ["ignore", "ignore", "inherit"] });
}

export async function endBare(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.kill("SIGKILL")) await once(child, "close");
}

/** QEMU keeps the question until the guest opens its port. */
async function untilAgentAnswers(child: ChildProcess, socketPath: string): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${qemuProgram} ended with status ${child.exitCode}`);
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
