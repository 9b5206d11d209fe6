/** Places inside the launcher's container. The node agent reaches the same files from the host. */
export const launcherPaths = {
  /** emptyDir `run`: the sockets. */
  run: "/run/vmpod",
  /** emptyDir `disks`: overlays, empty disks, cloud-init media; written by the node agent. */
  disks: "/var/run/vmpod/disks",
  /** What a machine keeps beside its disks: the claim for its TPM and its EFI variables. */
  state: "/var/run/vmpod/state",
  /** One directory for each containerDisk volume: the image's root. */
  containerDisks: "/var/run/vmpod/container-disks",
  /** One directory for each PersistentVolumeClaim volume. */
  pvc: "/var/run/vmpod/pvc",
  /** One directory of the node for each host disk: the one that its file is in. */
  hostDisks: "/var/run/vmpod/host-disks",
  /** One device for each that is a block device: where a container's file system can still be written, by root, from outside. */
  blockDevices: "/dev/vmpod",
  /** One directory for each Secret, and each ConfigMap, that media are made of. */
  secrets: "/var/run/vmpod/secrets",
  configMaps: "/var/run/vmpod/config-maps",
  /** One directory for each file system: the socket of who serves it. */
  filesystems: "/var/run/vmpod/filesystems",
  /** What a container shows to the guest; it sees one volume. */
  shared: "/var/run/vmpod/shared",
  /** One directory for each downwardAPI volume. */
  downwardApi: "/var/run/vmpod/downward-api",
  /** Where Kubernetes puts the token of the pod's ServiceAccount. */
  serviceAccount: "/var/run/secrets/kubernetes.io/serviceaccount",
  /** In the launcher's image: what copies a container disk, with all that it needs. */
  copierInImage: "/usr/libexec/vmpod/copier",
  /** Its copy in the emptyDir `run`, for containers of other images. */
  copier: "/run/vmpod/copier",
  /** What QEMU is run by: they make what it needs beside it. */
  withEfiVariables: "/usr/libexec/vmpod/with-efi-variables",
  withTpm: "/usr/libexec/vmpod/with-tpm",
  /** What a container runs that serves a file system. */
  shareDirectory: "/usr/libexec/vmpod/share-directory",
  /** In the launcher's image: what carries a guest's packets, with all that it needs. */
  passt: "/usr/libexec/vmpod/passt",
  /** preStop hook: asks the guest to shut down and waits until it has. */
  stopGuest: "/usr/libexec/vmpod/stop-guest",
  /** What a probe by the guest's agent runs. */
  probeGuest: "/usr/libexec/vmpod/probe-guest",
  /** What a memory dump's pod runs: it writes into a claim what QEMU sends. */
  dumpMemory: "/usr/libexec/vmpod/dump-memory",
  /** Where the claim is in that pod. */
  dump: "/var/run/vmpod/dump",
  /** What the pod of a hot-plugged volume runs: it serves the disk in a claim to QEMU. */
  serveDisk: "/usr/libexec/vmpod/serve-disk",
  /** Where the claim is in that pod. */
  served: "/var/run/vmpod/served",
} as const;

export const socketNames = {
  /** QMP, for the node agent. */
  qmp: "qmp.sock",
  /** A second QMP monitor, for the preStop hook and the probes. */
  stop: "stop.sock",
  guestAgent: "qga.sock",
  serial: "serial0.sock",
  vnc: "vnc.sock",
  /** Where the guest asks for its node's metrics. */
  metrics: "metrics.sock",
  /** Where the TPM listens. */
  tpm: "tpm.sock",
  /** Where QEMU listens for passt. */
  passt: "passt.sock",
  /** Where this QEMU waits for a guest. */
  migration: "migration.sock",
  /** Where this QEMU sends its guest: the other one's `migration`, under a name in this container. */
  migrationTarget: "migration-target.sock",
} as const;

/** Where the server of a file system listens. */
export const filesystemSocket = (name: string): string => `${launcherPaths.filesystems}/${name}/virtiofs.sock`;

/** In `run` of a memory dump's pod, and for a moment in that of the launcher: through it QEMU sends the guest's memory. */
export const dumpPipe = "memory-dump.pipe";

/** In `run` of a hot-plugged volume's pod: where its disk is served. */
export const servedSocket = "nbd.sock";

/** The same in `run` of the launcher. */
export const pluggedSocket = (digest: string): string => `hotplug-${digest}.sock`;

/** Where a USB device is plugged in from outside. */
export const usbRedirectionSocket = (slot: number): string => `usbredir${slot}.sock`;

export function runDirectory(domain: { runDirectory?: string }): string {
  return domain.runDirectory ?? launcherPaths.run;
}

export function stateDirectory(domain: { stateDirectory?: string }): string {
  return domain.stateDirectory ?? launcherPaths.state;
}

/** The user and group QEMU runs as. */
export const qemuUserId = 107;
