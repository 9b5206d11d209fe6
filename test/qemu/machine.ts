/** Real virtual machines for tests: QEMU with vmpod's own arguments, devices attached over QMP, then started. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { patience } from "../embedded/instance.ts";
import { freePort } from "../fixtures/free-port.ts";
import { buildImages } from "../../images/build-images.ts";
import { fetchPackages, packageRoot } from "../../images/debian/packages.ts";
import { exec } from "../../src/base/exec.ts";
import { applyDeviceAction } from "../../src/qemu/devices/action.ts";
import type { Device, Disk, DiskImage } from "../../src/qemu/devices/device.ts";
import { observeDevices } from "../../src/qemu/devices/observe.ts";
import { planDevices } from "../../src/qemu/devices/plan.ts";
import { buildCommand, buildEnvironment } from "../../src/qemu/domain/arguments.ts";
import type { Domain } from "../../src/qemu/domain/domain.ts";
import { QmpClient } from "../../src/qemu/qmp/client.ts";
import { buildIso } from "../../src/storage/iso/iso9660.ts";

const cacheDir = join(homedir(), ".cache/vmpod");
const bootTimeoutMs = 240_000;

export class TestMachine implements AsyncDisposable {
  readonly directory: string;
  readonly process: ChildProcess;
  readonly qmp: QmpClient;

  constructor(directory: string, process: ChildProcess, qmp: QmpClient) {
    this.directory = directory;
    this.process = process;
    this.qmp = qmp;
  }

  /** Brings QEMU's devices to `desired`, as the node agent does; but the network card stays, which is not among them. */
  async attach(desired: readonly Device[]): Promise<void> {
    const actions = planDevices(desired, await observeDevices(this.qmp));
    for (const action of actions.filter(({ command }) => command !== "device_del"))
      await applyDeviceAction(this.qmp, action);
  }

  /** QEMU's own NAT, which needs no privilege; guest ports are reached on the loopback ports returned. */
  async attachUserNetwork(guestPorts: readonly number[]): Promise<number[]> {
    const hostPorts: number[] = [];
    for (const _ of guestPorts) hostPorts.push(await freePort());
    const forwards = guestPorts.map((port, index) => ({ str: `tcp:127.0.0.1:${hostPorts[index]}-:${port}` }));
    await this.qmp.execute("netdev_add", { type: "user", id: "net-default", hostfwd: forwards });
    const [bus] = (await observeDevices(this.qmp)).freePorts ?? [];
    const device = {
      driver: "virtio-net-pci",
      id: "nic-default",
      netdev: "net-default",
      romfile: "",
      bus,
      "acpi-index": 7,
    };
    await this.qmp.execute("device_add", device);
    return hostPorts;
  }

  /** The firmware's boot order is written when the machine is reset. */
  async start(): Promise<void> {
    await this.qmp.execute("system_reset");
    await this.qmp.execute("cont");
  }

  serialLog(): Promise<string> {
    return readFile(join(this.directory, "serial.log"), "utf8");
  }

  async waitForSerial(text: string, timeoutMs = bootTimeoutMs): Promise<void> {
    await waitFor(`${JSON.stringify(text)} on the serial console`, timeoutMs, async () =>
      (await this.serialLog()).includes(text),
    );
  }

  async waitForExit(timeoutMs: number): Promise<number | null> {
    const { exitCode, signalCode } = this.process;
    if (exitCode === null && signalCode === null)
      await once(this.process, "exit", { signal: AbortSignal.timeout(timeoutMs * patience) });
    return this.process.exitCode;
  }

  /** User and system time QEMU has used. */
  async cpuSeconds(): Promise<number> {
    const fields = (await readFile(`/proc/${this.process.pid}/stat`, "utf8")).split(") ")[1]?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.qmp.close();
    this.process.kill("SIGKILL");
    await this.waitForExit(30_000);
    await rm(this.directory, { recursive: true });
  }
}

export async function startMachine(overrides: Partial<Domain> = {}): Promise<TestMachine> {
  const directory = await mkdtemp(join(tmpdir(), "vmpod-machine-"));
  const domain = {
    ...smallDomain,
    runDirectory: directory,
    serialLogPath: join(directory, "serial.log"),
    ...overrides,
  };
  const [program = "", ...args] = buildCommand(domain).flatMap(onHost);
  const process = spawn(program, args, { stdio: "inherit", env: await environmentOf(domain) });
  const socket = join(directory, "qmp.sock");
  try {
    await waitFor(`QEMU's monitor ${socket}`, 60_000, () => exists(socket));
    return new TestMachine(directory, process, await QmpClient.connect(socket));
  } catch (error) {
    process.kill("SIGKILL");
    await rm(directory, { recursive: true });
    throw error;
  }
}

/** The launcher's scripts, where they are made. */
function onHost(word: string): string[] {
  const script = /^\/usr\/libexec\/vmpod\/(with-[a-z-]+)$/.exec(word)?.[1];
  return script === undefined ? [word] : ["sh", join(import.meta.dirname, `../../images/launcher/${script}.sh`)];
}

async function environmentOf(domain: Domain): Promise<NodeJS.ProcessEnv> {
  return { ...env, ...buildEnvironment(domain), ...(domain.tpm && (await tpmEnvironment())) };
}

/** With the programs that the launcher's image has. */
async function tpmEnvironment(): Promise<NodeJS.ProcessEnv> {
  const packages = ["swtpm", "swtpm-libs", "libtpms0"];
  await fetchPackages(cacheDir, packages);
  const directory = (path: string) => packages.map((name) => packageRoot(cacheDir, name) + path).join(":");
  const libraries = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu/swtpm"].map(directory).join(":");
  return { PATH: `${directory("/usr/bin")}:${env["PATH"]}`, LD_LIBRARY_PATH: libraries };
}

const smallDomain: Domain = {
  name: "test",
  uuid: "4a6f3c5e-7f4b-4b43-9f0e-5f0b2f3a7c11",
  accelerator: "tcg",
  machine: "q35",
  firmware: { type: "bios" },
  cpu: { sockets: 1, cores: 1, threads: 1 },
  memory: { bytes: 128 * 1024 ** 2 },
  pcieRootPorts: 4,
  serialConsole: true,
  rng: true,
};

/** The guest image, built on first use and kept in the cache. */
export async function guestImagePath(directory: string): Promise<string> {
  const [image] = await buildImages({ cacheDir, only: ["guest"] });
  if (!image) throw new Error("no guest image was built");
  await exec(["tar", "-xf", image.tarPath, "-C", directory]);
  for (const blob of (await exec(["find", `${directory}/blobs`, "-type", "f", "-size", "+1M"])).trim().split("\n")) {
    await exec(["tar", "-xzf", blob, "-C", directory]);
  }
  return join(directory, "disk/guest.qcow2");
}

/** A disk on a copy-on-write overlay of the guest image. */
export async function rootDisk(machine: TestMachine, bus: Disk["bus"]): Promise<Disk> {
  const backing: DiskImage = { format: "qcow2", path: await guestImagePath(machine.directory) };
  const path = join(machine.directory, "root.qcow2");
  await exec(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", backing.path, path]);
  return { kind: "disk", name: "root", device: "disk", bus, bootIndex: 1, image: { format: "qcow2", path, backing } };
}

export async function seedDisk(
  machine: TestMachine,
  files: Record<string, string>,
  disk: Pick<Disk, "bus" | "device">,
  label = "cidata",
): Promise<Disk> {
  const path = join(machine.directory, "seed.iso");
  await writeFile(path, buildIso({ label, files }));
  return { kind: "disk", name: "seed", ...disk, image: { format: "raw", path } };
}

export async function waitFor(what: string, timeoutMs: number, check: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + timeoutMs * patience;
  while (!(await check())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${timeoutMs * patience} ms`);
    await delay(50);
  }
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
