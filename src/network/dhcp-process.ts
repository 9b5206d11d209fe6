/** Finds, starts and ends DHCP answerers; see dhcp-argv.ts for how they are recognised. */
import { mkdir, stat, unlink } from "node:fs/promises";
import { exec } from "../base/exec.ts";
import { isErrno, readTextIfThere, unlessMissing } from "../base/files.ts";
import { pidsOf } from "../base/processes.ts";

export interface DhcpProcess {
  pid: number;
  argv: string[];
  pidFile: string;
  /** See `namespaceIdentity`. */
  netns: string;
}

/** The same for every path that leads to the same namespace. */
export async function namespaceIdentity(path: string): Promise<string> {
  const { dev, ino } = await stat(path);
  return `${dev}:${ino}`;
}

/** All running answerers whose pid file lies in this directory. */
export async function listDhcpProcesses(pidDirectory: string): Promise<DhcpProcess[]> {
  const found = await Promise.all((await pidsOf("dnsmasq")).map((pid) => inspect(pid, `--pid-file=${pidDirectory}/`)));
  return found.filter((process) => process !== undefined);
}

async function inspect(pid: number, marker: string): Promise<DhcpProcess | undefined> {
  const argv = (await readTextIfThere(`/proc/${pid}/cmdline`))?.split("\0").slice(0, -1) ?? [];
  const pidArgument = argv[0]?.endsWith("dnsmasq") ? argv.find((argument) => argument.startsWith(marker)) : undefined;
  const netns = pidArgument && (await unlessMissing(namespaceIdentity(`/proc/${pid}/ns/net`)));
  return netns ? { pid, argv, pidFile: pidArgument.slice("--pid-file=".length), netns } : undefined;
}

/** Joins the given cgroups, as far as they can be joined, and becomes what is to run. */
const joinAndRun =
  'while [ "$1" != -- ]; do echo $$ > "$1/cgroup.procs" || true; shift; done 2>/dev/null; shift; exec "$@"';

/** dnsmasq puts itself into the background once its sockets are open, so success means that it answers. */
export async function startDhcp(
  netnsPath: string,
  argv: readonly string[],
  cgroups: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  await exec(await inPod(netnsPath, argv, cgroups), { signal, timeoutMs: 10_000 });
}

/** The command that runs another one in a pod's network, and accounts it to the pod. */
export async function inPod(netnsPath: string, argv: readonly string[], cgroups: readonly string[]): Promise<string[]> {
  for (const cgroup of cgroups) await mkdir(cgroup).catch(unlessThere);
  return ["nsenter", `--net=${netnsPath}`, "sh", "-c", joinAndRun, "sh", ...cgroups, "--", ...argv];
}

/** One that cannot be made cannot be joined either, which is no reason to leave a guest without an address. */
function unlessThere(error: unknown): void {
  if (!isErrno(error, "EEXIST", "ENOENT", "EROFS", "EACCES", "EPERM")) throw error;
}

export async function stopDhcp(dhcp: DhcpProcess): Promise<void> {
  try {
    process.kill(dhcp.pid, "SIGKILL");
  } catch (error) {
    if (!isErrno(error, "ENOENT", "ESRCH")) throw error;
  }
  await unlink(dhcp.pidFile).catch((error: unknown) => {
    if (!isErrno(error, "ENOENT", "ESRCH")) throw error;
  });
}
