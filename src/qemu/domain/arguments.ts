/**
 * Turns a domain into QEMU's command line. Pure.
 *
 * The machine starts stopped (`-S`) with nothing of QEMU's defaults, and waits for its disks and NICs on the monitor:
 *
 *   pcie.0 -- 1.0 screen | 2..x root ports port0..portN (free) | virtio-serial, rng, balloon, xhci | ich9-ahci ide.0-5
 */
import { boardOf, isPc } from "./board.ts";
import type { Domain, Input } from "./domain.ts";
import { firmwareArguments, variableStoreCommand } from "./firmware.ts";
import { ioThreadId, rootPortId } from "./ids.ts";
import { type Argument, option, type OptionValue } from "./options.ts";
import { panicArguments } from "./panic.ts";
import { runDirectory, socketNames } from "./paths.ts";
import { cpuArguments, hotMemoryArguments, machineArguments, memoryArguments } from "./platform.ts";
import { sataArguments } from "./sata.ts";
import { soundArguments } from "./sound.ts";
import { usbRedirectionArguments } from "./usb-redirection.ts";
import { tpmArguments, tpmCommand } from "./tpm.ts";

/** The one whose processors are this machine's. */
export const qemuProgram = boardOf({ machine: "q35" }).program;

/** The container's command: QEMU and its arguments, and before it what makes what they name. */
export function buildCommand(domain: Domain): string[] {
  return [...variableStoreCommand(domain), ...tpmCommand(domain), boardOf(domain).program, ...buildArguments(domain)];
}

/** Variables that QEMU reads. */
export function buildEnvironment({ clock }: Domain): Record<string, string> {
  return clock?.zone === undefined ? {} : { TZ: clock.zone };
}

export function buildArguments(domain: Domain): string[] {
  return [
    ...identityArguments(domain),
    ...machineArguments(domain),
    ...cpuArguments(domain),
    ...memoryArguments(domain),
    ...firmwareArguments(domain),
    ...kernelArguments(domain),
    ...monitorArguments(domain),
    ...ioThreadArguments(domain),
    ...rootPortArguments(domain),
    ...displayArguments(domain),
    ...guestAgentArguments(domain),
    ...metricsArguments(domain),
    ...serialArguments(domain),
    ...peripheralArguments(domain),
    ...usbRedirectionArguments(domain, runDirectory(domain)),
    ...panicArguments(domain),
    ...soundArguments(domain),
    ...tpmArguments(domain),
    ...sataArguments(domain.machine, domain.sataDrives ?? []),
    ...hotMemoryArguments(domain),
  ].flat();
}

/** How many root ports to give a machine that starts with `plugged` disks and NICs on PCI. */
export function rootPortsFor(plugged: number, spare = 4): number {
  return plugged + spare;
}

function identityArguments(domain: Domain): Argument[] {
  return [
    ["-name", option("", { guest: domain.name, "debug-threads": true })],
    ["-uuid", domain.uuid],
    ["-S"],
    ...when(domain.incoming, ["-incoming", "defer"]),
    ["-nodefaults"],
    ["-no-user-config"],
    ["-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"],
    ["-msg", "timestamp=on"],
    ["-boot", "strict=on,menu=off"],
    ...when(domain.endsAtReboot, ["-action", "reboot=shutdown"]),
    ["-rtc", clockOption(domain)],
    ...when(domain.smbios, ["-smbios", option("", { type: 1, ...domain.smbios })]),
    ...Object.entries(domain.acpiTables ?? {}).map(
      ([sig, file]): Argument => ["-acpitable", option("", { sig, file })],
    ),
    ...when(domain.chassis, ["-smbios", option("", { type: 3, ...domain.chassis })]),
    ...when(domain.ignition, ["-fw_cfg", option("", { name: "opt/com.coreos/config", string: domain.ignition })]),
  ];
}

const clocks = { guest: "vm", wall: "host" } as const;
const driftFixes = { catchup: "slew", delay: "none" } as const;

function clockOption({ clock = {} }: Domain): string {
  return option("", {
    base: clock.zone === undefined ? "utc" : "localtime",
    clock: clock.track && clocks[clock.track],
    driftfix: clock.ticks && driftFixes[clock.ticks],
  });
}

function kernelArguments({ kernel }: Domain): Argument[] {
  if (kernel === undefined) return [];
  const { path, initrdPath, arguments: text } = kernel;
  return [
    ["-kernel", path],
    ...(initrdPath === undefined ? [] : [["-initrd", initrdPath] as const]),
    ...(text === undefined ? [] : [["-append", text] as const]),
  ];
}

function monitorArguments(domain: Domain): Argument[] {
  return (["qmp", "stop"] as const).flatMap((id): Argument[] => [
    ["-chardev", socketOption(domain, id, socketNames[id])],
    ["-mon", option("", { chardev: id, mode: "control" })],
  ]);
}

function ioThreadArguments({ ioThreads = 0 }: Domain): Argument[] {
  return Array.from({ length: ioThreads }, (_, index) => ["-object", option("iothread", { id: ioThreadId(index) })]);
}

function rootPortArguments(domain: Domain): Argument[] {
  if (domain.machine === "pc") return [];
  const firstSlot = 2;
  return Array.from(
    { length: domain.pcieRootPorts },
    (_, index): Argument => [
      "-device",
      option("pcie-root-port", {
        id: rootPortId(index),
        bus: "pcie.0",
        addr: `0x${(firstSlot + (index >> 3)).toString(16)}.${index & 7}`,
        multifunction: (index & 7) === 0 ? true : undefined,
        chassis: index + 1,
      }),
    ],
  );
}

function displayArguments(domain: Domain): Argument[] {
  if (!domain.graphics) return [["-display", "none"]];
  return [
    ["-device", videoOption(domain)],
    ["-vnc", `unix:${runDirectory(domain)}/${socketNames.vnc}`],
  ];
}

/** All but the simplest are PCI devices, in one place. */
function videoOption(domain: Domain): string {
  const board = boardOf(domain);
  const video = domain.video ?? board.defaultVideo;
  const driver = board.video[video] ?? board.video[board.defaultVideo] ?? "ramfb";
  const place = domain.machine !== "pc" && video !== "ramfb" ? { bus: "pcie.0", addr: "0x1" } : {};
  return option(driver, { id: "video0", ...place, vgamem_mb: video === "vga" ? 16 : undefined });
}

/** The port is always there: guests look for it whenever they boot, and an unused one costs nothing. */
function guestAgentArguments(domain: Domain): Argument[] {
  return [
    ["-device", option("virtio-serial-pci", { id: "vserial0" })],
    ["-chardev", socketOption(domain, "qga", socketNames.guestAgent)],
    [
      "-device",
      option("virtserialport", { id: "qga0", bus: "vserial0.0", chardev: "qga", name: "org.qemu.guest_agent.0" }),
    ],
  ];
}

/** As vhostmd's tools look for it. */
function metricsArguments(domain: Domain): Argument[] {
  if (!domain.metricsPort) return [];
  const name = "org.github.vhostmd.1";
  return [
    ["-chardev", socketOption(domain, "metrics", socketNames.metrics)],
    ["-device", option("virtserialport", { id: "metrics0", bus: "vserial0.0", chardev: "metrics", name })],
  ];
}

/** The log is written whether or not a console is connected. */
function serialArguments(domain: Domain): Argument[] {
  if (!domain.serialConsole) return [];
  const { serialLogPath = "/dev/stdout" } = domain;
  const log = serialLogPath === false ? {} : { logfile: serialLogPath, logappend: true };
  return [
    ["-chardev", socketOption(domain, "serial0", socketNames.serial, log)],
    isPc(domain)
      ? ["-device", option("isa-serial", { id: "console0", chardev: "serial0" })]
      : ["-serial", "chardev:serial0"],
  ];
}

function peripheralArguments(domain: Domain): Argument[] {
  const inputs = domain.inputs ?? [];
  return [
    ...when(domain.rng, ["-object", "rng-builtin,id=rng0"], ["-device", "virtio-rng-pci,id=rng,rng=rng0"]),
    ...when(domain.balloon, ["-device", balloonOption(domain)]),
    ...when(domain.usb || domain.usbRedirection || inputs.some((input) => input.bus === "usb"), usbController(domain)),
    ...inputs.map((input): Argument => ["-device", option(inputDriver(input), { id: `input-${input.name}` })]),
    ...when(domain.watchdog, ["-device", "i6300esb,id=watchdog0"]),
    ...when(domain.watchdog, ["-watchdog-action", domain.watchdog?.action ?? "none"]),
  ];
}

function balloonOption({ freePageReporting = true }: Domain): string {
  return option("virtio-balloon-pci", { id: "balloon0", "free-page-reporting": freePageReporting });
}

/** It comes with four ports of each speed: too few for the slots and what is there besides. */
function usbController({ usbRedirection }: Domain): Argument {
  const ports = usbRedirection ? { p2: 15, p3: 15 } : {};
  return ["-device", option("qemu-xhci", { id: "usb", ...ports })];
}

function inputDriver({ type, bus }: Input): string {
  if (bus === "virtio") return `virtio-${type}-pci`;
  return type === "keyboard" ? "usb-kbd" : "usb-tablet";
}

function when(condition: unknown, ...wanted: Argument[]): Argument[] {
  return condition ? wanted : [];
}

function socketOption(domain: Domain, id: string, file: string, more: Record<string, OptionValue> = {}): string {
  return option("socket", { id, path: `${runDirectory(domain)}/${file}`, server: true, wait: false, ...more });
}
