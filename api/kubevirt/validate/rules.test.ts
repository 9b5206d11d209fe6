/**
 * Upstream's rules about a VirtualMachineInstance, one case each. Where vmpod refuses the whole feature the case is of that refusal, beside
 * which the rule stands for the day when the feature is there.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultConfiguration } from "../configuration.ts";
import { defaultVirtualMachineInstanceSpec } from "../defaults/vmi.ts";
import { sampleSpec } from "../sample.ts";
import type { VirtualMachineInstanceSpec } from "../types.ts";
import { validateVirtualMachineInstance } from "./vmi.ts";

type Change = (spec: VirtualMachineInstanceSpec) => void;

/** What is wrong, the field that is named, and words that say what to do. */
type Case = readonly [what: string, change: Change, field: string, message: RegExp];

const domain =
  (more: object): Change =>
  (spec) =>
    void Object.assign(spec.domain, more);
const devices =
  (more: object): Change =>
  (spec) =>
    void Object.assign(spec.domain.devices, more);
const disk =
  (more: object): Change =>
  (spec) =>
    void Object.assign(spec.domain.devices.disks?.[0] ?? {}, more);
const nic =
  (more: object): Change =>
  (spec) =>
    void Object.assign(spec.domain.devices.interfaces?.[0] ?? {}, more);
const top =
  (more: object): Change =>
  (spec) =>
    void Object.assign(spec, more);
const volumes =
  (...more: object[]): Change =>
  (spec) =>
    void spec.volumes?.push(...more.map((volume, index) => ({ name: `more-${index}`, ...volume })));
const all =
  (...changes: Change[]): Change =>
  (spec) =>
    changes.forEach((change) => change(spec));

const extra = "spec.volumes[1]";
const atPool = "spec.domain.ioThreads.supplementalPoolThreadCount";
const atDisk = "spec.domain.devices.disks[0]";
const atNic = "spec.domain.devices.interfaces[0]";
const atCpu = "spec.domain.cpu";

const atFilesystem = "spec.domain.devices.filesystems[0].name";
const filesystems = (...names: string[]): Change =>
  devices({ filesystems: names.map((name) => ({ name, virtiofs: {} })) });
const named = (name: string, source: object): Change => volumes({ name, ...source });
const claim = { persistentVolumeClaim: { claimName: "claim" } };

const directories: Case[] = [
  ["a file system without a name", filesystems(""), atFilesystem, /name of the volume/],
  ["a file system without a volume", filesystems("none"), atFilesystem, /no volume has this name.*there: root/],
  [
    "a file system of a disk",
    all(filesystems("root")),
    atFilesystem,
    /a containerDisk is no directory.*persistentVolumeClaim/,
  ],
  [
    "a file system of an empty disk",
    all(filesystems("more"), named("more", { emptyDisk: { capacity: "1Gi" } })),
    atFilesystem,
    /a emptyDisk is no directory/,
  ],
  [
    "two file systems of one volume",
    all(filesystems("more", "more"), named("more", claim)),
    "spec.domain.devices.filesystems[1].name",
    /volume of its own/,
  ],
  [
    "a volume that is a disk and a file system",
    (spec) => {
      named("more", claim)(spec);
      spec.domain.devices.disks?.push({ name: "more", disk: { bus: "virtio" } });
      filesystems("more")(spec);
    },
    atFilesystem,
    /shown as a disk, too/,
  ],
  [
    "a file system whose name is no tag",
    all(filesystems("a".repeat(37)), named("a".repeat(37), claim)),
    atFilesystem,
    /longer than 36 characters/,
  ],
  [
    "a file system with the name of a volume of the pod's",
    all(filesystems("run"), named("run", { configMap: { name: "a" } })),
    "spec.volumes[1].name",
    /reserved for the launcher pod/,
  ],
];

const structure: Case[] = [
  [
    "two disks of one volume",
    devices({ disks: [{ name: "root" }, { name: "root" }] }),
    "spec.domain.devices.disks[1].name",
    /own/,
  ],
  ["a disk without a name", devices({ disks: [{ disk: {} }] }), `${atDisk}.name`, /name of the volume/],
  ["a long serial", disk({ serial: "x".repeat(257) }), `${atDisk}.serial`, /256/],
  [
    "two service accounts",
    volumes(...twice({ serviceAccount: { serviceAccountName: "a" } })),
    "spec.volumes[2].serviceAccount",
    /at most one/,
  ],
  [
    "two downward metrics",
    volumes(...twice({ downwardMetrics: {} })),
    "spec.volumes[2].downwardMetrics",
    /at most one/,
  ],
  [
    "two memory dumps",
    volumes(...twice({ memoryDump: { claimName: "a" } })),
    "spec.volumes[2].memoryDump",
    /at most one/,
  ],
  ["a DataVolume without a name", volumes({ dataVolume: {} }), `${extra}.dataVolume.name`, /name of the DataVolume/],
  ["a Secret without a name", volumes({ secret: {} }), `${extra}.secret.secretName`, /name of the Secret/],
  ["a ConfigMap without a name", volumes({ configMap: {} }), `${extra}.configMap.name`, /name of the ConfigMap/],
  [
    "a service account without a name",
    volumes({ serviceAccount: {} }),
    `${extra}.serviceAccount.serviceAccountName`,
    /name/,
  ],
  ["a host disk without a path", volumes({ hostDisk: { type: "Disk" } }), `${extra}.hostDisk.path`, /path/],
  [
    "a host disk without a type",
    volumes({ hostDisk: { path: "/a" } }),
    `${extra}.hostDisk.type`,
    /Disk or DiskOrCreate/,
  ],
  [
    "a host disk to make without its size",
    volumes({ hostDisk: { path: "/a", type: "DiskOrCreate" } }),
    `${extra}.hostDisk.capacity`,
    /size/,
  ],
  [
    "a host disk that is there, with a size",
    volumes({ hostDisk: { path: "/a", type: "Disk", capacity: "1Gi" } }),
    `${extra}.hostDisk.capacity`,
    /DiskOrCreate only/,
  ],
  // Behind gates upstream; here not at all.
  [
    "a host disk in no directory",
    volumes({ hostDisk: { path: "/a", type: "Disk" } }),
    `${extra}.hostDisk.path`,
    /in a directory/,
  ],
  ["a sysprep of nothing", volumes({ sysprep: {} }), `${extra}.sysprep.configMap.name`, /answer file/],
  [
    "an ephemeral volume over nothing",
    volumes({ ephemeral: {} }),
    `${extra}.ephemeral.persistentVolumeClaim.claimName`,
    /claim/,
  ],
  [
    "a downward API file without a source",
    volumes({ downwardAPI: { fields: [{ path: "a" }] } }),
    `${extra}.downwardAPI.fields[0].fieldRef`,
    /one of/,
  ],
  [
    "a token of another ServiceAccount than the machine's",
    all(top({ serviceAccountName: "own" }), volumes({ serviceAccount: { serviceAccountName: "other" } })),
    `${extra}.serviceAccount.serviceAccountName`,
    /own/,
  ],
  [
    "host devices",
    devices({ hostDevices: [{ name: "a", deviceName: "b" }] }),
    "spec.domain.devices.hostDevices",
    /not available yet/,
  ],
  ["VSOCK", devices({ autoattachVSOCK: true }), "spec.domain.devices.autoattachVSOCK", /not available yet/],
  [
    "utility volumes, which only hot-plug may bring",
    top({ utilityVolumes: [{ name: "a", claimName: "b" }] }),
    "spec.utilityVolumes",
    /not available yet/,
  ],
  [
    "containerPath, which needs a filesystem",
    volumes({ containerPath: { path: "/a" } }),
    `${extra}.containerPath`,
    /not available yet/,
  ],
];

const dedicated = (cpu: object, resources: object = {}): Change =>
  all(domain({ cpu: { dedicatedCpuPlacement: true, ...cpu } }), domain({ resources }));
const cpus = (requests: string, limits: string) => ({ requests: { cpu: requests }, limits: { cpu: limits } });

const size: Case[] = [
  [
    "a request in bytes by mistake",
    domain({ resources: { requests: { memory: "64" } } }),
    "spec.domain.resources.requests.memory",
    /at least 1M/,
  ],
  [
    "no whole huge pages",
    domain({ memory: { guest: "129Mi", hugepages: { pageSize: "2Mi" } } }),
    "spec.domain.memory.guest",
    /multiple/,
  ],
  [
    "less than a huge page",
    domain({ memory: { guest: "512Mi", hugepages: { pageSize: "1Gi" } } }),
    "spec.domain.memory.guest",
    /multiple/,
  ],
  [
    "huge pages of no size",
    domain({ memory: { guest: "64Mi", hugepages: { pageSize: "4Ki" } } }),
    "spec.domain.memory.hugepages.pageSize",
    /"2Mi", "1Gi"/,
  ],
  [
    "huge pages that are to grow",
    domain({ memory: { guest: "64Mi", maxGuest: "128Mi", hugepages: { pageSize: "2Mi" } } }),
    "spec.domain.memory.maxGuest",
    /cannot grow/,
  ],
  [
    "more than maxGuest",
    domain({ memory: { guest: "128Mi", maxGuest: "64Mi" } }),
    "spec.domain.memory.guest",
    /maxGuest/,
  ],
  [
    "a guest over the limit",
    domain({ memory: { guest: "2Gi" }, resources: { limits: { memory: "1Gi" } } }),
    "spec.domain.memory.guest",
    /limits.memory/,
  ],
  [
    "a number too large for a quantity",
    domain({ memory: { guest: 1e308 } }),
    "spec.domain.memory.guest",
    /not a quantity/,
  ],
  [
    "parts of dedicated CPUs",
    dedicated({}, cpus("1500m", "1500m")),
    "spec.domain.resources.limits.cpu",
    /whole number/,
  ],
  [
    "another number of dedicated CPUs",
    dedicated({ cores: 2 }, cpus("3", "3")),
    "spec.domain.resources.limits.cpu",
    /equal the 2/,
  ],
  [
    "dedicated CPUs of another request",
    dedicated({ cores: 2 }, cpus("1", "2")),
    "spec.domain.resources.requests.cpu",
    /must equal/,
  ],
  [
    "dedicated CPUs and less memory than its limit",
    dedicated({}, { requests: { memory: "128Mi" }, limits: { memory: "256Mi" } }),
    "spec.domain.resources.requests.memory",
    /must equal/,
  ],
  [
    "dedicated CPUs and an overhead that nobody asks for",
    dedicated({}, { overcommitGuestOverhead: true }),
    "spec.domain.resources.overcommitGuestOverhead",
    /must not be set/,
  ],
  ["many threads of dedicated CPUs", dedicated({ threads: 4 }), `${atCpu}.threads`, /must not exceed 2/],
  ["more sockets than maxSockets", domain({ cpu: { sockets: 4, maxSockets: 2 } }), `${atCpu}.sockets`, /maxSockets/],
  [
    "threads on arm64",
    all(top({ architecture: "arm64" }), domain({ cpu: { threads: 2 } })),
    `${atCpu}.threads`,
    /must be 1/,
  ],
  [
    "NUMA without dedicated CPUs",
    domain({ cpu: { numa: { guestMappingPassthrough: {} } } }),
    `${atCpu}.numa.guestMappingPassthrough`,
    /dedicatedCpuPlacement/,
  ],
  [
    "NUMA without huge pages",
    dedicated({ numa: { guestMappingPassthrough: {} } }),
    `${atCpu}.numa.guestMappingPassthrough`,
    /hugepages/,
  ],
  ["real time without dedicated CPUs", domain({ cpu: { realtime: {} } }), `${atCpu}.realtime`, /dedicatedCpuPlacement/],
  ["real time without NUMA", dedicated({ realtime: {} }), `${atCpu}.realtime`, /needs numa/],
  [
    "an emulator thread of its own without dedicated CPUs",
    domain({ cpu: { isolateEmulatorThread: true } }),
    `${atCpu}.isolateEmulatorThread`,
    /needs dedicatedCpuPlacement/,
  ],
  [
    "a CPU request over its limit",
    domain({ resources: cpus("3", "2") }),
    "spec.domain.resources.requests.cpu",
    /must not exceed/,
  ],
];

const blockSize = (custom: object, more: object = {}): Change => disk({ blockSize: { custom, ...more } });

const devicesRules: Case[] = [
  [
    "BIOS and EFI",
    domain({ firmware: { bootloader: { bios: {}, efi: {} } } }),
    "spec.domain.firmware.bootloader",
    /keep one/,
  ],
  [
    "a kernel's arguments without a kernel",
    domain({ firmware: { kernelBoot: { kernelArgs: "a" } } }),
    "spec.domain.firmware.kernelBoot.kernelArgs",
    /container/,
  ],
  [
    "a kernel's image without a path",
    domain({ firmware: { kernelBoot: { container: { image: "a" } } } }),
    "spec.domain.firmware.kernelBoot.container.kernelPath",
    /where in the image/,
  ],
  [
    "a reservation of another bus",
    disk({ disk: undefined, lun: { bus: "sata", reservation: true } }),
    `${atDisk}.lun.reservation`,
    /scsi/,
  ],
  ["a lun on virtio", disk({ disk: undefined, lun: { bus: "virtio" } }), `${atDisk}.lun.bus`, /"sata", "scsi"/],
  [
    "an I/O thread of a SATA disk",
    disk({ disk: { bus: "sata" }, dedicatedIOThread: true }),
    `${atDisk}.dedicatedIOThread`,
    /only a virtio disk/,
  ],
  ["a video device", domain({ devices: { video: { type: "qxl" } } }), "spec.domain.devices.video.type", /"virtio"/],
  [
    "an ACPI table of no volume",
    domain({ firmware: { acpi: { slicNameRef: "license" } } }),
    "spec.domain.firmware.acpi.slicNameRef",
    /names no volume of a Secret/,
  ],
  [
    "an ACPI table of another volume",
    domain({ firmware: { acpi: { msdmNameRef: "root" } } }),
    "spec.domain.firmware.acpi.msdmNameRef",
    /names no volume of a Secret/,
  ],
  [
    "an overhead that is none",
    domain({ memory: { guest: "128Mi", reservedOverhead: { addedOverhead: "-1Mi" } } }),
    "spec.domain.memory.reservedOverhead.addedOverhead",
    /no amount of memory/,
  ],
  ["a time zone", domain({ clock: { timezone: "Mars/Base" } }), "spec.domain.clock.timezone", /Europe\/Berlin/],
  ["two clocks", domain({ clock: { timezone: "Asia/Tokyo", utc: {} } }), "spec.domain.clock", /keep one/],
  [
    "a clock that is days ahead",
    domain({ clock: { utc: { offsetSeconds: 100_000 } } }),
    "spec.domain.clock.utc.offsetSeconds",
    /within a day/,
  ],
  [
    "too few retries",
    domain({ features: { hyperv: { spinlocks: { spinlocks: 100 } } } }),
    "spec.domain.features.hyperv.spinlocks.spinlocks",
    /at least 4096/,
  ],
  [
    "a vendor without a name",
    domain({ features: { hyperv: { vendorid: {} } } }),
    "spec.domain.features.hyperv.vendorid.vendorid",
    /the name/,
  ],
  [
    "a vendor that is more than one",
    domain({ features: { hyperv: { vendorid: { vendorid: "a,b" } } } }),
    "spec.domain.features.hyperv.vendorid.vendorid",
    /no comma/,
  ],
  [
    "all enlightenments and some",
    domain({ features: { hyperv: {}, hypervPassthrough: {} } }),
    "spec.domain.features.hypervPassthrough",
    /keep it, or hyperv/,
  ],
  ["an I/O threads policy", domain({ ioThreadsPolicy: "many" }), "spec.domain.ioThreadsPolicy", /supported values/],
  ["a pool without a size", domain({ ioThreadsPolicy: "supplementalPool" }), atPool, /how many/],
  [
    "a size without a pool",
    domain({ ioThreadsPolicy: "auto", ioThreads: { supplementalPoolThreadCount: 2 } }),
    atPool,
    /needs ioThreadsPolicy: supplementalPool/,
  ],
  [
    "an empty pool",
    domain({ ioThreadsPolicy: "supplementalPool", ioThreads: { supplementalPoolThreadCount: 0 } }),
    atPool,
    /from 1 to 64/,
  ],
  [
    "a PCI address of a SATA disk",
    disk({ disk: { bus: "sata", pciAddress: "0000:01:00.0" } }),
    `${atDisk}.disk.pciAddress`,
    /only a virtio disk/,
  ],
  [
    "no PCI address",
    disk({ disk: { bus: "virtio", pciAddress: "0000:81:01.0" } }),
    `${atDisk}.disk.pciAddress`,
    /is no address/,
  ],
  [
    "a PCI address used twice",
    all(disk({ disk: { bus: "virtio", pciAddress: "0000:03:00.0" } }), nic({ pciAddress: "0000:03:00.0" })),
    `${atNic}.pciAddress`,
    /once/,
  ],
  ["an ACPI index too high", nic({ acpiIndex: 16384 }), `${atNic}.acpiIndex`, /16383/],
  ["a tag that no medium carries", disk({ tag: "data" }), `${atDisk}.tag`, /cloudInitConfigDrive/],
  [
    "a block size of a cdrom",
    all(disk({ disk: undefined, cdrom: { bus: "scsi" } }), blockSize({ logical: 512, physical: 512 })),
    `${atDisk}.blockSize`,
    /2048/,
  ],
  [
    "a SATA disk that has the block size of its volume",
    disk({ disk: { bus: "sata" }, blockSize: { matchVolume: {} } }),
    `${atDisk}.blockSize.matchVolume`,
    /virtio or scsi/,
  ],
  [
    "an odd discard granularity",
    blockSize({ logical: 512, physical: 512, discardGranularity: 700 }),
    `${atDisk}.blockSize.custom.discardGranularity`,
    /multiple/,
  ],
  [
    "a block size that is no power of two",
    blockSize({ logical: 1000, physical: 4096 }),
    `${atDisk}.blockSize.custom.logical`,
    /power of two/,
  ],
  [
    "a small block size",
    blockSize({ logical: 256, physical: 512 }),
    `${atDisk}.blockSize.custom.logical`,
    /power of two/,
  ],
  [
    "a large block size",
    blockSize({ logical: 512, physical: 4 * 1024 ** 2 }),
    `${atDisk}.blockSize.custom.physical`,
    /power of two/,
  ],
  [
    "logical blocks larger than physical ones",
    blockSize({ logical: 4096, physical: 512 }),
    `${atDisk}.blockSize.custom.logical`,
    /must not exceed/,
  ],
  [
    "large blocks on SATA",
    all(disk({ disk: { bus: "sata" } }), blockSize({ logical: 4096, physical: 4096 })),
    `${atDisk}.blockSize.custom.logical`,
    /512/,
  ],
  [
    "two block sizes",
    blockSize({ logical: 512, physical: 512 }, { matchVolume: { enabled: true } }),
    `${atDisk}.blockSize`,
    /keep one/,
  ],
  [
    "a mouse",
    devices({ inputs: [{ name: "a", type: "mouse", bus: "usb" }] }),
    "spec.domain.devices.inputs[0].type",
    /"tablet", "keyboard"/,
  ],
  [
    "two inputs of one name",
    devices({
      inputs: [
        { name: "a", type: "tablet" },
        { name: "a", type: "keyboard" },
      ],
    }),
    "spec.domain.devices.inputs[1].name",
    /own name/,
  ],
  [
    "a watchdog of s390x",
    devices({ watchdog: { name: "a", diag288: {} } }),
    "spec.domain.devices.watchdog.diag288",
    /i6300esb/,
  ],
  [
    "a watchdog that does nothing",
    devices({ watchdog: { name: "a", i6300esb: { action: "bark" } } }),
    "spec.domain.devices.watchdog.i6300esb.action",
    /"poweroff"/,
  ],
  [
    "a panic device that nobody knows",
    devices({ panicDevices: [{ model: "serial" }] }),
    "spec.domain.devices.panicDevices[0].model",
    /hyperv/,
  ],
  [
    "two panic devices of one model",
    devices({ panicDevices: [{}, { model: "isa" }] }),
    "spec.domain.devices.panicDevices[1].model",
    /isa/,
  ],
  [
    "a sound device of another model",
    devices({ sound: { name: "a", model: "sb16" } }),
    "spec.domain.devices.sound.model",
    /ac97/,
  ],
  [
    "a kernel outside its image",
    domain({ firmware: { kernelBoot: { container: { image: "a", kernelPath: "/boot/../vmlinuz" } } } }),
    "spec.domain.firmware.kernelBoot.container.kernelPath",
    /absolute/,
  ],
  [
    "an initrd without a kernel",
    domain({ firmware: { kernelBoot: { container: { image: "a", initrdPath: "/boot/initrd" } } } }),
    "spec.domain.firmware.kernelBoot.container.kernelPath",
    /where in the image/,
  ],
  [
    "a volume named as the kernel's",
    all(
      domain({ firmware: { kernelBoot: { container: { image: "a", kernelPath: "/vmlinuz" } } } }),
      volumes({ name: "kernel-boot", emptyDisk: { capacity: "1Mi" } }),
    ),
    `${extra}.name`,
    /another/,
  ],
  ["a watchdog of no kind", devices({ watchdog: { name: "a" } }), "spec.domain.devices.watchdog.i6300esb", /amd64/],
  [
    "a video device without a screen",
    devices({ video: { type: "vga" }, autoattachGraphicsDevice: false }),
    "spec.domain.devices.video",
    /screen/,
  ],
  // Whatever else an encrypted guest needs.
  ["an encrypted guest", domain({ launchSecurity: { sev: {} } }), "spec.domain.launchSecurity", /not available yet/],
  [
    "a clock of the moon",
    domain({ clock: { timer: { rtc: { track: "moon" } } } }),
    "spec.domain.clock.timer.rtc.track",
    /"guest", "wall"/,
  ],
  [
    "an RTC that discards",
    domain({ clock: { timer: { rtc: { tickPolicy: "discard" } } } }),
    "spec.domain.clock.timer.rtc.tickPolicy",
    /"catchup", "delay"/,
  ],
  ["a policy of its own", domain({ rebootPolicy: "Sometimes" }), "spec.domain.rebootPolicy", /"Reboot", "Terminate"/],
  [
    "a cdrom that forgives",
    disk({ disk: undefined, cdrom: {}, errorPolicy: "ignore" }),
    `${atDisk}.errorPolicy`,
    /leave it out/,
  ],
  [
    "a machine of another's making",
    domain({ machine: { type: "pc-q35-rhel9.4.0" } }),
    "spec.domain.machine.type",
    /"q35"/,
  ],
];

const multus = (...more: object[]): Change =>
  top({ networks: more.map((each, index) => ({ name: index === 0 ? "default" : `net-${index}`, ...each })) });
const ranges = (...portRanges: object[]): Change =>
  nic({ portRanges: portRanges.map((range) => ({ protocol: "TCP", ...range })) });
const options = (dhcpOptions: object): Change => nic({ dhcpOptions });

const network: Case[] = [
  ["no binding", nic({ masquerade: undefined }), atNic, /needs a binding/],
  ["a network without a source", multus({}), "spec.networks[0]", /exactly one of pod, multus/],
  ["a network with two", multus({ pod: {}, multus: { networkName: "a" } }), "spec.networks[0]", /exactly one source/],
  [
    "a multus network without a name",
    multus({ multus: {} }),
    "spec.networks[0].multus.networkName",
    /NetworkAttachmentDefinition/,
  ],
  [
    "two defaults",
    multus({ multus: { networkName: "a", default: true } }, { multus: { networkName: "b", default: true } }),
    "spec.networks[1].multus.default",
    /one network is the default/,
  ],
  [
    "a default beside the pod network",
    multus({ pod: {} }, { multus: { networkName: "b", default: true } }),
    "spec.networks[1].multus.default",
    /pod network/,
  ],
  ["masquerade elsewhere", multus({ multus: { networkName: "a" } }), `${atNic}.masquerade`, /pod network only/],
  ["masquerade's own MAC", nic({ macAddress: "02-00-00-00-00-00" }), `${atNic}.macAddress`, /reserved/],
  ["macvtap", nic({ masquerade: undefined, macvtap: {} }), `${atNic}.macvtap`, /removed/],
  [
    "passt beside the pod network",
    all(nic({ masquerade: undefined, passtBinding: {} }), multus({ multus: { networkName: "a" } })),
    `${atNic}.passtBinding`,
    /pod network only/,
  ],
  [
    "passt with another card",
    nic({ masquerade: undefined, passtBinding: {}, model: "e1000" }),
    `${atNic}.model`,
    /virtio only/,
  ],
  [
    "passt with DHCP options",
    nic({ masquerade: undefined, passtBinding: {}, dhcpOptions: { ntpServers: ["192.0.2.7"] } }),
    `${atNic}.dhcpOptions`,
    /use masquerade/,
  ],
  ["the old passt", nic({ masquerade: undefined, passt: {} }), `${atNic}.passt`, /removed/],
  // Upstream lets the administrator permit it.
  [
    "another default network",
    all(nic({ masquerade: undefined, bridge: {} }), multus({ multus: { networkName: "a", default: true } })),
    "spec.networks[0].multus.default",
    /not available yet/,
  ],
  [
    "a multus network of no possible name",
    all(nic({ masquerade: undefined, bridge: {} }), multus({ multus: { networkName: "a/b/c" } })),
    "spec.networks[0].multus.networkName",
    /NAMESPACE\/NAME/,
  ],
  ["port 0", nic({ ports: [{ port: 0 }] }), `${atNic}.ports[0].port`, /1 to 65535/],
  [
    "a port of another protocol",
    nic({ ports: [{ port: 1, protocol: "SCTP" }] }),
    `${atNic}.ports[0].protocol`,
    /"TCP", "UDP"/,
  ],
  ["a port's bad name", nic({ ports: [{ port: 1, name: "A b" }] }), `${atNic}.ports[0].name`, /may hold only/],
  [
    "two ports of one name",
    nic({
      ports: [
        { port: 1, name: "a" },
        { port: 2, name: "a" },
      ],
    }),
    `${atNic}.ports[1].name`,
    /own name/,
  ],
  [
    "eleven ranges",
    ranges(...Array.from({ length: 11 }, (_, index) => ({ start: index + 1, end: index + 1 }))),
    `${atNic}.portRanges`,
    /at most 10/,
  ],
  [
    "ranges without masquerade",
    all(nic({ masquerade: undefined, bridge: {} }), ranges({ start: 1, end: 2 })),
    `${atNic}.portRanges`,
    /only masquerade/,
  ],
  ["ranges that overlap", ranges({ start: 1, end: 5 }, { start: 5, end: 9 }), `${atNic}.portRanges[1]`, /overlaps/],
  ["a range backwards", ranges({ start: 5, end: 1 }), `${atNic}.portRanges[0].start`, /must not exceed end/],
  ["a range beyond the ports", ranges({ start: 5, end: 70000 }), `${atNic}.portRanges[0].end`, /65535/],
  [
    "a range of another protocol",
    ranges({ start: 5, end: 6, protocol: "SCTP" }),
    `${atNic}.portRanges[0].protocol`,
    /"TCP", "UDP"/,
  ],
  [
    "a DHCP option that is not private",
    options({ privateOptions: [{ option: 66, value: "a" }] }),
    `${atNic}.dhcpOptions.privateOptions[0].option`,
    /224 to 254/,
  ],
  [
    "a DHCP option twice",
    options({
      privateOptions: [
        { option: 240, value: "a" },
        { option: 240, value: "b" },
      ],
    }),
    `${atNic}.dhcpOptions.privateOptions[1].option`,
    /once/,
  ],
  [
    "a DHCP option too long",
    options({ bootFileName: "x".repeat(256) }),
    `${atNic}.dhcpOptions.bootFileName`,
    /255 bytes/,
  ],
  ["a time server by name", options({ ntpServers: ["pool.ntp.org"] }), `${atNic}.dhcpOptions.ntpServers[0]`, /IPv4/],
  ["a time server beyond IPv4", options({ ntpServers: ["300.0.0.1"] }), `${atNic}.dhcpOptions.ntpServers[0]`, /IPv4/],
  ["an interface's bad name", all(nic({ name: "a b" }), multus({ pod: {} })), `${atNic}.name`, /may hold only/],
  ["an absent interface that is no bridge", nic({ state: "absent" }), `${atNic}.state`, /bridge/],
  ["an unknown state", nic({ state: "sideways" }), `${atNic}.state`, /"up", "down"/],
  [
    "a network for nobody",
    top({ networks: [{ name: "default", pod: { vmNetworkCIDR: "10.0.2.0/31" } }] }),
    "spec.networks[0].pod.vmNetworkCIDR",
    /10\.0\.2\.0\/24/,
  ],
  [
    "an IPv6 network for nobody",
    top({ networks: [{ name: "default", pod: { vmIPv6NetworkCIDR: "fd10::/48" } }] }),
    "spec.networks[0].pod.vmIPv6NetworkCIDR",
    /fd10:0:2::\/120/,
  ],
];

const credential = (more: object): Change => top({ accessCredentials: [more] });
const source = { secret: { secretName: "a" } };
const atCredential = "spec.accessCredentials[0]";
const probe = (more: object): Change => top({ readinessProbe: more });

const guest: Case[] = [
  [
    "a config drive without data",
    volumes({ cloudInitConfigDrive: {} }),
    `${extra}.cloudInitConfigDrive`,
    /one of userData/,
  ],
  [
    "encoded data too long",
    volumes({ cloudInitNoCloud: { userDataBase64: Buffer.alloc(2049).toString("base64") } }),
    `${extra}.cloudInitNoCloud.userDataBase64`,
    /2048/,
  ],
  [
    "network data too long",
    volumes({ cloudInitNoCloud: { userData: "a", networkData: "x".repeat(2049) } }),
    `${extra}.cloudInitNoCloud.networkData`,
    /networkDataSecretRef/,
  ],
  [
    "network data that is no base64",
    volumes({ cloudInitNoCloud: { userData: "a", networkDataBase64: "%" } }),
    `${extra}.cloudInitNoCloud.networkDataBase64`,
    /base64/,
  ],
  ["a credential of no kind", credential({}), atCredential, /exactly one/],
  [
    "a credential of two kinds",
    credential({
      sshPublicKey: { source, propagationMethod: { noCloud: {} } },
      userPassword: { source, propagationMethod: { qemuGuestAgent: {} } },
    }),
    atCredential,
    /exactly one/,
  ],
  [
    "a key that goes no way",
    credential({ sshPublicKey: { source, propagationMethod: {} } }),
    `${atCredential}.sshPublicKey.propagationMethod`,
    /exactly one/,
  ],
  [
    "a key from nowhere",
    credential({ sshPublicKey: { source: {}, propagationMethod: { noCloud: {} } } }),
    `${atCredential}.sshPublicKey.source.secret.secretName`,
    /Secret/,
  ],
  [
    "a key by a config drive that is not there",
    credential({ sshPublicKey: { source, propagationMethod: { configDrive: {} } } }),
    `${atCredential}.sshPublicKey.propagationMethod.configDrive`,
    /cloudInitConfigDrive/,
  ],
  [
    "a password by no way",
    credential({ userPassword: { source, propagationMethod: {} } }),
    `${atCredential}.userPassword.propagationMethod.qemuGuestAgent`,
    /the way/,
  ],
  [
    "a key by the agent for nobody",
    credential({ sshPublicKey: { source, propagationMethod: { qemuGuestAgent: {} } } }),
    `${atCredential}.sshPublicKey.propagationMethod.qemuGuestAgent.users`,
    /users/,
  ],
  [
    "a probe with two handlers",
    probe({ httpGet: { port: 80 }, tcpSocket: { port: 80 } }),
    "spec.readinessProbe",
    /exactly one handler/,
  ],
  [
    "a probe without a network",
    all(
      probe({ httpGet: { port: 80 } }),
      top({ networks: [] }),
      devices({ interfaces: [], autoattachPodInterface: false }),
    ),
    "spec.readinessProbe.httpGet",
    /pod network/,
  ],
  [
    "a probe that never was",
    probe({ httpGet: { port: 80 }, periodSeconds: -1 }),
    "spec.readinessProbe.periodSeconds",
    /negative/,
  ],
  ["a probe that runs nothing", probe({ exec: { command: [] } }), "spec.readinessProbe.exec.command", /program/],
  [
    "four name servers",
    top({ dnsConfig: { nameservers: ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"] } }),
    "spec.dnsConfig.nameservers",
    /at most 3/,
  ],
  [
    "many search domains",
    top({ dnsConfig: { searches: Array.from({ length: 33 }, (_, index) => `d${index}`) } }),
    "spec.dnsConfig.searches",
    /at most 32/,
  ],
  ["an unknown DNS policy", top({ dnsPolicy: "Magic" }), "spec.dnsPolicy", /"ClusterFirst"/],
];

const tables: Record<string, Case[]> = { structure, directories, size, devices: devicesRules, network, guest };

for (const [name, cases] of Object.entries(tables)) {
  for (const [what, change, field, message] of cases) {
    test(`${name}: ${what} is refused`, () => {
      const causes = causesOf(change);
      const cause = causes.find((each) => each.field === field && message.test(each.message));
      assert.ok(cause, `no such cause of ${field} in ${JSON.stringify(causes)}`);
    });
  }
}

const fine: [what: string, change: Change][] = [
  ["a volume that no disk shows gets one", volumes({ emptyDisk: { capacity: "1Gi" } })],
  ["a source of randomness", devices({ rng: {} })],
  ["a SATA cdrom is read-only anyway", disk({ disk: undefined, cdrom: { bus: "sata", readonly: true } })],
  [
    "ports and ranges",
    all(
      nic({ ports: [{ port: 80 }] }),
      ranges({ start: 1000, end: 2000 }, { start: 1500, end: 1600, protocol: "UDP" }),
    ),
  ],
  [
    "what is so anyway",
    domain({
      features: { acpi: {}, apic: { enabled: true } },
      clock: { utc: {}, timer: { pit: { tickPolicy: "delay" } } },
    }),
  ],
  [
    "DHCP options",
    options({ bootFileName: "pxe.0", ntpServers: ["10.0.0.1"], privateOptions: [{ option: 240, value: "a" }] }),
  ],
];

for (const [what, change] of fine) {
  test(`${what}: is accepted`, () => assert.deepEqual(causesOf(change), []));
}

function causesOf(change: Change) {
  return validateVirtualMachineInstance(defaultVirtualMachineInstanceSpec(sampleSpec(change), defaultConfiguration));
}

function twice(volume: object): object[] {
  return [volume, volume];
}
