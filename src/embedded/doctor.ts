/** `vmpod doctor`: what this machine has, what it lacks, and how to mend each. Reads only. */
import { accessSync, constants, existsSync, readdirSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { createServer } from "node:net";
import { delimiter, dirname, join } from "node:path";
import { freemem } from "node:os";
import { formatCpuSet, parseCpuSet, without } from "../base/cpu-set.ts";
import { hostCpus } from "../base/host-cpus.ts";
import { type Instance, pathsOf } from "../base/instance.ts";
import { probeKvm, probeTcg } from "../qemu/probe/probe.ts";
import { findProcess } from "./process-record.ts";

export type Check =
  | { name: string; ok: true; detail: string }
  | { name: string; ok: false; problem: string; fix: string; fatal: boolean };

const programs: Record<string, string> = {
  containerd: "containerd",
  runc: "runc",
  "qemu-img": "qemu-utils",
  "qemu-system-x86_64": "qemu-system-x86",
  nft: "nftables",
  ip: "iproute2",
  dnsmasq: "dnsmasq-base",
  conntrack: "conntrack",
};
const smallestDiskBytes = 2 * 1024 ** 3;
const smallestMemoryBytes = 512 * 1024 ** 2;

export async function runChecks(instance: Instance): Promise<Check[]> {
  // What holds the ports may be our own processes, left by a supervisor that was killed.
  const { pids } = pathsOf(instance);
  const isRunning = listDirectory(pids).some((name) => findProcess(join(pids, name)) !== undefined);
  return [
    checkRoot(),
    ...Object.entries(programs).map(([program, debianPackage]) => checkProgram(program, debianPackage)),
    checkCniPlugins(),
    checkDevice("/dev/net/tun", "virtual machines have no network", "load the kernel module: modprobe tun"),
    await checkAcceleration(),
    checkCgroups(),
    await checkDisk(instance),
    checkMemory(),
    ...(instance.cpuManagerPolicy === "static" ? [await checkReservedCpus(instance)] : []),
    ...(isRunning ? [] : await checkPorts(instance)),
  ];
}

export function failures(checks: readonly Check[]): Extract<Check, { ok: false }>[] {
  return checks.filter((check) => !check.ok);
}

function listDirectory(path: string): string[] {
  return existsSync(path) ? readdirSync(path) : [];
}

function checkRoot(): Check {
  const uid = process.getuid?.();
  return uid === 0
    ? good("root", "running as root")
    : bad("root", `running as uid ${uid}; networks and containers need root`, "run it with sudo");
}

function checkProgram(program: string, debianPackage: string): Check {
  const path = findProgram(program);
  return path ? good(program, path) : bad(program, "not found in PATH", `apt-get install ${debianPackage}`);
}

function findProgram(program: string): string | undefined {
  const directories = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  return directories.map((directory) => join(directory, program)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // absent or not executable: the next directory may have it
  }
}

function checkCniPlugins(): Check {
  const plugin = "/usr/lib/cni/bridge";
  return existsSync(plugin)
    ? good("CNI plugins", dirname(plugin))
    : bad("CNI plugins", `${plugin} is missing`, "apt-get install containernetworking-plugins");
}

function checkDevice(path: string, consequence: string, fix: string): Check {
  return existsSync(path) ? good(path, "present") : bad(path, `missing: ${consequence}`, fix);
}

/** A guest either runs on KVM, or on TCG; only when neither works is there no way to go on. */
async function checkAcceleration(): Promise<Check> {
  const kvm = await probeKvm();
  if (kvm.usable) return good("acceleration", `KVM: ${kvm.reason}`);
  const tcg = await probeTcg();
  return tcg.usable
    ? good("acceleration", `TCG (emulated processor, several times slower than KVM): ${kvm.reason}`)
    : bad(
        "acceleration",
        `neither KVM (${kvm.reason}) nor TCG (${tcg.reason}) runs a guest`,
        "apt-get install qemu-system-x86",
      );
}

function checkCgroups(): Check {
  if (existsSync("/sys/fs/cgroup/cgroup.controllers")) return good("cgroups", "version 2");
  if (existsSync("/sys/fs/cgroup/memory/cgroup.procs")) return good("cgroups", "version 1");
  return bad("cgroups", "no hierarchy is mounted at /sys/fs/cgroup", "mount -t cgroup2 none /sys/fs/cgroup");
}

async function checkDisk({ dataDir }: Instance): Promise<Check> {
  const { bavail, bsize } = await statfs(firstExisting(dataDir));
  const free = bavail * bsize;
  return free >= smallestDiskBytes
    ? good("disk space", `${gib(free)} free for ${dataDir}`)
    : bad(
        "disk space",
        `${gib(free)} free for ${dataDir}; images and disks need 2 GiB`,
        "free some, or choose another --data-dir",
      );
}

function firstExisting(path: string): string {
  return existsSync(path) ? path : firstExisting(dirname(path));
}

function checkMemory(): Check {
  const free = freemem();
  return free >= smallestMemoryBytes
    ? good("memory", `${gib(free)} free`)
    : { ...bad("memory", `${gib(free)} free; a small guest needs 512 MiB`, "end other programs"), fatal: false };
}

async function checkReservedCpus({ reservedCpus }: Instance): Promise<Check> {
  const all = await hostCpus();
  const free = without(all, parseCpuSet(reservedCpus) ?? []);
  const areOurs = without(parseCpuSet(reservedCpus) ?? [], all).length === 0;
  return areOurs && free.length > 0
    ? good("reserved CPUs", `${reservedCpus}; ${formatCpuSet(free)} for who asks for whole ones`)
    : bad(
        "reserved CPUs",
        `${reservedCpus} of ${formatCpuSet(all)} leaves none, or is not all there`,
        "choose others with --reserved-cpus, or leave --cpu-manager-policy static out",
      );
}

async function checkPorts({ apiPort, kubeletPort, vmPort, bindAddress }: Instance): Promise<Check[]> {
  const flags = { "--api-port": apiPort, "--kubelet-port": kubeletPort, "--vm-port": vmPort };
  return Promise.all(
    Object.entries(flags).map(async ([flag, port]) =>
      (await isFree(port, bindAddress))
        ? good(`port ${port}`, "free")
        : bad(`port ${port}`, "taken by another program", `choose another with ${flag}, or see who it is: ss -ltnp`),
    ),
  );
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}

function good(name: string, detail: string): Check {
  return { name, ok: true, detail };
}

function bad(name: string, problem: string, fix: string): Extract<Check, { ok: false }> {
  return { name, ok: false, problem, fix, fatal: true };
}

function gib(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
}
