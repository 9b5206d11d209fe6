/**
 * Starts and stops a private containerd.
 *
 * containerd is detached from the process that starts it: containers, and containerd itself, outlive any death
 * of vmpod. Who starts it a second time finds it answering on its socket and starts nothing.
 */
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { messageOf, TerminalError } from "../../base/errors.ts";
import { connectCri } from "../client.ts";
import { addressPlugin, addressPluginScript } from "./address-plugin.ts";
import { type CniConfig, renderCniConf } from "./cni.ts";
import {
  addressesDir,
  type ContainerdConfig,
  type ContainerdPaths,
  cniBinDir,
  cniConfDir,
  containerdConfigFile,
  containerdSocket,
  machineAddressesDir,
  renderContainerdConfig,
} from "./config.ts";

export interface StartContainerdOptions {
  containerd: ContainerdConfig;
  cni: Omit<CniConfig, "dataDir">;
  /** How long containerd may take until it answers (default 60 s): on a busy machine it looks for every container that it left. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

export interface RunningContainerd {
  pid: number;
  socketPath: string;
  /** False when it ran already. */
  started: boolean;
}

/** Writes the configuration and makes sure that containerd answers. Idempotent. @throws TerminalError */
export async function startContainerd(options: StartContainerdOptions): Promise<RunningContainerd> {
  const paths = options.containerd;
  const socketPath = containerdSocket(paths);
  const running = findContainerd(paths);
  if (running !== undefined && (await answers(socketPath, running, options))) {
    return { pid: running, socketPath, started: false };
  }
  writeConfiguration(options);
  const pid = spawnDetached(paths);
  if (!(await answers(socketPath, pid, options))) {
    throw new TerminalError("ContainerdFailed", `containerd ended at start; ${endOfLog(paths)}`);
  }
  return { pid, socketPath, started: true };
}

/** Ends containerd; its containers go on (see `removeAllPods` to end those first). */
export async function stopContainerd(paths: ContainerdPaths, timeoutMs = 10_000): Promise<void> {
  const pid = findContainerd(paths);
  if (pid === undefined) {
    return;
  }
  process.kill(pid, "SIGTERM");
  const deadline = Date.now() + timeoutMs;
  while (findContainerd(paths) === pid) {
    if (Date.now() > deadline) {
      process.kill(pid, "SIGKILL");
    }
    await delay(50);
  }
}

/** The process id of this installation's containerd, or undefined when it does not run. */
export function findContainerd(paths: ContainerdPaths): number | undefined {
  const pid = readIfThere(pidFile(paths))?.trim();
  if (pid === undefined || pid === "") {
    return undefined;
  }
  // The number may have been given to another program since: its command line tells.
  return readIfThere(`/proc/${pid}/cmdline`)?.includes(containerdConfigFile(paths)) ? Number(pid) : undefined;
}

const pidFile = (paths: ContainerdPaths): string => join(paths.stateDir, "containerd.pid");
export const containerdLog = (paths: ContainerdPaths): string => join(paths.stateDir, "containerd.log");

function writeConfiguration({ containerd, cni }: StartContainerdOptions): void {
  mkdirSync(containerd.rootDir, { recursive: true, mode: 0o711 });
  mkdirSync(cniConfDir(containerd), { recursive: true, mode: 0o711 });
  writeFileSync(containerdConfigFile(containerd), renderContainerdConfig(containerd));
  const conf = renderCniConf({ ...cni, dataDir: addressesDir(containerd.stateDir) });
  writeFileSync(join(cniConfDir(containerd), "10-pods.conflist"), conf);
  writePlugins(containerd);
}

/** Where Debian's containernetworking-plugins puts its programs. */
export const installedPlugins = "/usr/lib/cni";

function writePlugins(paths: ContainerdPaths): void {
  const directory = cniBinDir(paths);
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  for (const name of ["bridge", "host-local", "loopback"]) {
    rmSync(join(directory, name), { force: true });
    symlinkSync(join(installedPlugins, name), join(directory, name));
  }
  writeFileSync(join(directory, addressPlugin), addressPluginScript(machineAddressesDir(paths)), { mode: 0o755 });
}

function spawnDetached(paths: ContainerdPaths): number {
  rmSync(containerdSocket(paths), { force: true });
  const log = openSync(containerdLog(paths), "a");
  const child = spawn("containerd", ["--config", containerdConfigFile(paths)], {
    detached: true,
    stdio: ["ignore", log, log],
    cwd: "/",
  });
  closeSync(log);
  child.on("error", () => undefined); // reported as "did not start" by its missing pid
  child.unref();
  const pid = child.pid;
  if (pid === undefined) {
    throw new TerminalError("ContainerdMissing", "cannot run containerd: install the Debian package containerd");
  }
  writeFileSync(pidFile(paths), `${pid}\n`);
  return pid;
}

/** Waits until it answers. @returns false when it died meanwhile. @throws TerminalError when it takes too long */
async function answers(socketPath: string, pid: number, options: StartContainerdOptions): Promise<boolean> {
  const deadline = Date.now() + (options.timeoutMs ?? 60_000);
  const cri = connectCri(socketPath);
  try {
    for (;;) {
      options.signal?.throwIfAborted();
      const failure = await cri.runtime.version({}, { timeoutMs: 2000 }).then(() => undefined, messageOf);
      if (failure === undefined || hasEnded(pid)) {
        return failure === undefined;
      }
      if (Date.now() > deadline) {
        const message = `containerd does not answer on ${socketPath}: ${failure}; ${endOfLog(options.containerd)}`;
        throw new TerminalError("ContainerdFailed", message);
      }
      await delay(25);
    }
  } finally {
    cri.close();
  }
}

/** Gone, or a zombie that its parent has yet to collect. */
function hasEnded(pid: number): boolean {
  return / Z /.test(readIfThere(`/proc/${pid}/stat`) ?? " Z ");
}

function endOfLog(paths: ContainerdPaths): string {
  const tail = (readIfThere(containerdLog(paths)) ?? "").trimEnd().split("\n").slice(-5).join("\n");
  return `the end of ${containerdLog(paths)}:\n${tail}`;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT" || (error as NodeJS.ErrnoException).code === "ESRCH") {
      return undefined;
    }
    throw error;
  }
}
