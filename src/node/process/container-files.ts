/**
 * The container's files as the agent reaches them. Going through /proc/PID/root needs no knowledge of the kubelet's
 * directories, sees exactly what QEMU sees, and keeps socket paths below the 107 bytes that the kernel allows.
 */
import { join } from "node:path";
import { launcherPaths, socketNames } from "../../qemu/domain/paths.ts";

export const netnsOf = (pid: number): string => `/proc/${pid}/ns/net`;

/** A path inside the container, from outside. */
export const hostPathOf = (pid: number, containerPath: string): string => join(`/proc/${pid}/root`, containerPath);

export const socketOf = (pid: number, name: keyof typeof socketNames): string => socketInRun(pid, socketNames[name]);

export const socketInRun = (pid: number, file: string): string => hostPathOf(pid, `${launcherPaths.run}/${file}`);
