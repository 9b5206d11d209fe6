/** A machine that has one of everything: where each field of a VirtualMachineInstance is tried. */
import { volumeSources } from "../../api/kubevirt/volume-sources.ts";
import { sampleUuid } from "../../api/kubevirt/sample.ts";
import type { Alternatives, Along } from "./place.ts";
import type { ValueTable } from "./values.ts";

const secret = { secret: { secretName: "keys" } };

export const fullMachine = {
  terminationGracePeriodSeconds: 5,
  accessCredentials: [
    { sshPublicKey: { source: secret, propagationMethod: { noCloud: {} } } },
    { sshPublicKey: { source: secret, propagationMethod: { configDrive: {} } } },
    { sshPublicKey: { source: secret, propagationMethod: { qemuGuestAgent: { users: ["root"] } } } },
    { userPassword: { source: secret, propagationMethod: { qemuGuestAgent: {} } } },
  ],
  domain: {
    firmware: { uuid: sampleUuid },
    memory: { guest: "256Mi" },
    devices: {
      disks: [
        { name: "virtio", disk: { bus: "virtio" } },
        { name: "scsi", disk: { bus: "scsi" } },
        { name: "usb", disk: { bus: "usb" } },
        { name: "sata", disk: { bus: "sata" } },
        { name: "sata-cdrom", cdrom: { bus: "sata" } },
        { name: "scsi-cdrom", cdrom: { bus: "scsi" } },
        { name: "files", cdrom: { bus: "sata" } },
        { name: "secret-files", cdrom: { bus: "scsi" } },
      ],
      interfaces: [
        { name: "default", masquerade: {} },
        { name: "lan", bridge: {} },
      ],
      inputs: [{ name: "pointer", type: "tablet", bus: "usb" }],
      filesystems: [{ name: "directory", virtiofs: {} }],
    },
  },
  networks: [
    { name: "default", pod: {} },
    { name: "lan", multus: { networkName: "lan" } },
  ],
  volumes: [
    { name: "virtio", containerDisk: { image: "localhost/vmpod/guest:latest" } },
    { name: "scsi", emptyDisk: { capacity: "1Gi" } },
    { name: "usb", persistentVolumeClaim: { claimName: "claim" } },
    { name: "sata", emptyDisk: { capacity: "1Gi" } },
    { name: "sata-cdrom", cloudInitNoCloud: { userData: "#cloud-config" } },
    { name: "scsi-cdrom", cloudInitConfigDrive: { userData: "#cloud-config" } },
    { name: "files", configMap: { name: "files" } },
    { name: "secret-files", secret: { secretName: "files" } },
    { name: "directory", persistentVolumeClaim: { claimName: "directory" } },
  ],
  livenessProbe: { tcpSocket: { port: 22 } },
  readinessProbe: { httpGet: { port: 80 } },
};

const userData = ["userData", "userDataBase64", "secretRef"];
const networkData = ["networkData", "networkDataBase64", "networkDataSecretRef"];

export const machineAlternatives: Alternatives = [
  [/^volumes\[\]$/, volumeSources],
  [/^volumes\[\]\.cloudInit(NoCloud|ConfigDrive)$/, userData],
  [/^volumes\[\]\.cloudInit(NoCloud|ConfigDrive)$/, networkData],
  [/^volumes\[\]\.sysprep$/, ["configMap", "secret"]],
  [/\.downwardAPI\.fields\[\]$/, ["fieldRef", "resourceFieldRef"]],
  [/^networks\[\]$/, ["pod", "multus", "resourceClaim"]],
  [/^domain\.devices\.disks\[\]$/, ["disk", "cdrom", "lun"]],
  [
    /^domain\.devices\.interfaces\[\]$/,
    ["masquerade", "bridge", "sriov", "slirp", "macvtap", "passt", "passtBinding", "binding"],
  ],
  [/Probe$/, ["httpGet", "tcpSocket", "exec", "guestAgentPing"]],
  [/^accessCredentials\[\]$/, ["sshPublicKey", "userPassword"]],
  [/propagationMethod$/, ["noCloud", "configDrive", "qemuGuestAgent"]],
  [/^domain\.firmware\.bootloader$/, ["bios", "efi"]],
  [/^domain\.clock$/, ["utc", "timezone"]],
];

const base64 = ["I2Nsb3VkLWNvbmZpZw==", "I2Nsb3VkLWNvbmZpZwo="];

export const machineValues: ValueTable = [
  [/^architecture$/, ["amd64", "sample"]],
  [/\.(userDataBase64|networkDataBase64)$/, base64],
  [/^domain\.devices\.disks\[\]\.(disk|cdrom|lun)\.bus$/, ["ide"]],
  [/\.acpi\.(slic|msdm)NameRef$/, ["secret-files", "sample"]],
  [/\.hugepages\.pageSize$/, ["sample", "2Mi", "1Gi"]],
  [/\.clock\.timezone$/, ["Europe/Berlin", "Asia/Tokyo"]],
  [/\.hyperv\.spinlocks\.spinlocks$/, [4097, 8191]],
  [/\.hyperv\.vendorid\.vendorid$/, ["someone", "somebody"]],
  [/\.pciAddress$/, ["0000:05:00.0", "0000:06:00.0"]],
  [/\.blockSize\.custom\.logical$/, [512, 1024]],
  [/\.blockSize\.custom\.(physical|discardGranularity)$/, [1024, 2048]],
  [/\.macAddress$/, ["02:00:00:00:00:0a", "02:00:00:00:00:0b"]],
  [/\.multus\.networkName$/, ["blue", "other/red"]],
  [/\.vmNetworkCIDR$/, ["10.1.2.0/24", "10.1.3.0/24"]],
  [/\.vmIPv6NetworkCIDR$/, ["fd10:1::/120", "fd10:2::/120"]],
  [/\.firmware\.uuid$/, ["0c5b00f6-f784-4153-8663-feaeff911673", "0c5b00f6-f784-4153-8663-feaeff911674"]],
  [/\.machine\.type$/, ["sample", "pc-q35-7.1", "pc-q35-7.2"]],
  [/^domain\.memory\.guest$/, ["128Mi", "192Mi"]],
  [/^domain\.memory\.maxGuest$/, ["512Mi", "1Gi"]],
  [/^domain\.resources\.(requests|limits)$/, [{ memory: "512Mi" }, { memory: "1Gi" }, { cpu: "2" }, { cpu: "3" }]],
  [/nameservers\[\]$/, ["10.0.0.1", "10.0.0.2"]],
  [/\.ntpServers\[\]$/, ["10.0.0.1", "10.0.0.2"]],
  [/\.privateOptions\[\]\.option$/, [224, 225]],
  [/\.kernelBoot\.container\.(kernelPath|initrdPath)$/, ["/boot/one", "/boot/two"]],
  [/\.(containerDisk\.path)$/, ["/disk/one.qcow2", "/disk/two.qcow2"]],
  [/\.ports\[\]\.protocol$/, ["TCP", "UDP", "sample"]],
  [/\.portRanges\[\]\.start$/, [1000, 1001]],
  [/\.portRanges\[\]\.end$/, [2000, 2001]],
  [/\.portRanges\[\]\.protocol$/, ["TCP", "UDP"]],
  [/Probe\.(httpGet|tcpSocket)\.port$/, [8080, "http"]],
  // That it is there is all it says; the other value is not to have it.
  [/(Probe\.guestAgentPing|userPassword\.propagationMethod\.qemuGuestAgent|\.virtiofs)$/, [{}, undefined]],
  [/^domain\.cpu\.features\[\]\.policy$/, ["sample"]],
];

type Json = Record<string, unknown>;
type Named = { name: string };
type MachineDisk = Named & { disk?: { bus: string }; cdrom?: { bus: string } };
interface Machine {
  accessCredentials?: unknown[];
  domain: {
    features?: Json;
    devices: {
      disks: MachineDisk[];
      interfaces?: Named[];
      inputs?: Named[];
      filesystems?: Named[];
      watchdog?: Json;
    } & Json;
  } & Json;
  networks?: Named[];
  livenessProbe?: Json;
  readinessProbe?: Json;
  volumes: Named[];
}

/** The index in `domain.devices.disks[2].name`. */
function indexIn(field: string): number {
  return Number(/\[(\d+)\]/.exec(field)?.[1]);
}

function rename(lists: readonly (readonly Named[] | undefined)[], value: unknown, field: string): void {
  for (const list of lists) {
    const item = list?.[indexIn(field)];
    if (item && typeof value === "string") item.name = value;
  }
}

function onScsi(disks: readonly MachineDisk[]): void {
  for (const { disk, cdrom } of disks) Object.assign(disk ?? cdrom ?? {}, { bus: "scsi" });
}

function withoutNetwork(spec: Machine): void {
  delete spec.networks;
  delete spec.livenessProbe;
  delete spec.readinessProbe;
  delete spec.domain.devices.interfaces;
}

export const alongMachine: Along = [
  // Only disks on some buses come and go; that none may says nothing where none would.
  [/\.persistentVolumeClaim\.hotpluggable$/, (spec: Machine) => onScsi(spec.domain.devices.disks)],
  [
    /\.disableHotplug$/,
    (spec: Machine) => {
      onScsi(spec.domain.devices.disks);
      for (const { persistentVolumeClaim } of spec.volumes as (Named & Json)[])
        if (persistentVolumeClaim) Object.assign(persistentVolumeClaim, { hotpluggable: true });
    },
  ],
  // A board of arm64 has neither SATA nor disks on USB.
  [/^architecture$/, (spec: Machine) => onScsi(spec.domain.devices.disks)],
  // A disk and its volume, an interface and its network have one name.
  [
    /^(volumes\[\]|domain\.devices\.disks\[\])\.name$/,
    (spec: Machine, value, field) => rename([spec.volumes, spec.domain.devices.disks], value, field),
  ],
  [
    /^(networks\[\]|domain\.devices\.interfaces\[\])\.name$/,
    (spec: Machine, value, field) => rename([spec.networks, spec.domain.devices.interfaces], value, field),
  ],
  [
    /\.filesystems\[\]\.name$/,
    (spec: Machine, value) => {
      const volume = spec.volumes.find(({ name }) => name === "directory");
      if (volume && typeof value === "string") volume.name = value;
    },
  ],
  // Without it there is no file system; its volume is a disk then.
  [
    /\.filesystems\[\]\.virtiofs$/,
    (spec: Machine, value) => {
      if (value === undefined) delete spec.domain.devices.filesystems;
    },
  ],
  // There is nothing in it to tell: the volume is one of them, or another one.
  [
    /^volumes\[\]\.downwardMetrics$/,
    (spec: { volumes: Json[] }, value, field) => {
      const volume = spec.volumes[indexIn(field)];
      if (volume && value === undefined) volume["emptyDisk"] = { capacity: "1Gi" };
    },
  ],
  // Without its only binding there is no interface, without its only method no credential.
  [
    /\.interfaces\[\]\.passtBinding$/,
    (spec: Machine, value, field) => {
      const nic = spec.domain.devices.interfaces?.[indexIn(field)] as (Named & Json) | undefined;
      if (nic && value === undefined) nic["masquerade"] = {};
    },
  ],
  [
    /\.interfaces\[\]\.masquerade$/,
    (spec: Machine, value) => {
      if (value !== undefined) return;
      withoutNetwork(spec);
      spec.domain.devices["autoattachPodInterface"] = false;
    },
  ],
  [
    /\.interfaces\[\]\.bridge$/,
    (spec: Machine, value, field) => {
      if (value !== undefined) return;
      for (const list of [spec.networks, spec.domain.devices.interfaces]) list?.splice(indexIn(field), 1);
    },
  ],
  [
    /\.sshPublicKey\.propagationMethod\.(noCloud|configDrive)$/,
    (spec: Machine, value, field) => {
      if (value === undefined) spec.accessCredentials?.splice(indexIn(field), 1);
    },
  ],
  // What comes by itself comes only where there is nothing.
  [/\.autoattachPodInterface$/, withoutNetwork],
  [
    /\.autoattachInputDevice$/,
    (spec: Machine) => {
      delete spec.domain.devices.inputs;
    },
  ],
  // Memory is a multiple of its pages.
  [
    /\.hugepages\.pageSize$/,
    (spec: Machine) => {
      spec.domain["memory"] = { ...(spec.domain["memory"] as Json), guest: "1Gi" };
    },
  ],
  // One queue is one anyway.
  [
    /MultiQueue$/i,
    (spec: Machine) => {
      spec.domain["cpu"] = { sockets: 2 };
    },
  ],
  [
    /^domain\.cpu\.isolateEmulatorThread$/,
    (spec: Machine) => {
      spec.domain["cpu"] = { ...(spec.domain["cpu"] as Json), dedicatedCpuPlacement: true };
    },
  ],
  // A pool has a size; and for one disk all policies are alike.
  [
    /^domain\.ioThreadsPolicy$/,
    (spec: Machine, value) => {
      if (value === "supplementalPool") spec.domain["ioThreads"] = { supplementalPoolThreadCount: 5 };
      for (const { disk } of spec.domain.devices.disks) if (disk?.bus === "usb") disk.bus = "virtio";
    },
  ],
  [
    /\.supplementalPoolThreadCount$/,
    (spec: Machine) => {
      spec.domain["ioThreadsPolicy"] = "supplementalPool";
    },
  ],
  [
    /\.watchdog\.name$/,
    (spec: Machine) => {
      spec.domain.devices.watchdog = { ...spec.domain.devices.watchdog, i6300esb: {} };
    },
  ],
  [
    /\.blockSize\.custom\.(logical|physical|discardGranularity)$/,
    (spec: Machine) => {
      for (const disk of spec.domain.devices.disks as { blockSize?: { custom?: object } }[]) {
        if (disk.blockSize) disk.blockSize.custom = { logical: 512, physical: 4096, ...disk.blockSize.custom };
      }
    },
  ],
  [
    /\.kernelBoot\./,
    (spec: Machine & { domain: { firmware?: { kernelBoot?: { container?: Json } } } }) => {
      const boot = spec.domain.firmware?.kernelBoot;
      if (boot) boot.container = { image: "kernel:1", kernelPath: "/boot/vmlinuz", ...boot.container };
    },
  ],
  [
    /\.downwardAPI\.fields\[\]/,
    (spec: { volumes: { downwardAPI?: { fields?: Json[] } }[] }) => {
      for (const field of spec.volumes.flatMap(({ downwardAPI }) => downwardAPI?.fields ?? [])) {
        field["path"] ??= "labels";
        if (!field["resourceFieldRef"])
          field["fieldRef"] = { fieldPath: "metadata.labels", ...(field["fieldRef"] as Json) };
      }
    },
  ],
  [
    /\.sound\.model$/,
    (spec: Machine) => {
      spec.domain.devices["sound"] = { ...(spec.domain.devices["sound"] as Json), name: "sound" };
    },
  ],
  [
    /\.efi\.(secureBoot|persistent)$/,
    (spec: Machine) => {
      spec.domain.features = { smm: { enabled: true } };
    },
  ],
];
