import { args, type Area, guest, missing, refused } from "../feature.ts";
import { copiedDisks, nodeAgent, qemu, rich, sees, strategies } from "./files.ts";

const rollout = "test/workloads/rollout.test.ts";
const sata = "a sata disk boots; an emptyDisk has its size; a ConfigDrive is read";

export const storage: Area = {
  title: "C. Storage",
  features: [
    {
      row: 55,
      name: "container disks",
      proof: guest(copiedDisks, "a guest boots from a copy of its container disk, and has a console"),
    },
    {
      row: 56,
      name: "cloud-init: NoCloud and ConfigDrive",
      proof: guest(qemu, "virtio: cloud-init applied, agent, ssh and http answer, the power button ends it"),
    },
    { row: 57, name: "Ignition", proof: guest(sees, rich) },
    {
      row: 58,
      name: "sysprep",
      proof: guest(sees, "Windows' answers are in a drive, under the label that its setup looks for"),
    },
    {
      row: 59,
      name: "claims as disks, file system and block",
      proof: guest(nodeAgent, "a guest comes up with its disks, address and agent"),
      note: "block in test/cluster/suite/agent.test.ts",
    },
    { row: 60, name: "DataVolumes", proof: refused("volumes[].dataVolume") },
    {
      row: 61,
      name: "ephemeral disks and empty disks",
      proof: guest(strategies, sata),
      note: "ephemeral volumes in test/node-agent",
    },
    {
      row: 62,
      name: "host disks",
      proof: guest(sees, "what a guest writes to a host disk is in the node's file"),
      note: "behind the feature gate HostDisk; a file that exists keeps its owner",
    },
    {
      row: 63,
      name: "ConfigMap, Secret, ServiceAccount, downward API as disks",
      proof: guest(sees, rich),
      note: "ServiceAccount and downward API in test/node-agent",
    },
    {
      row: 64,
      name: "virtiofs",
      proof: guest(
        sees,
        "a guest mounts a claim, which a container writes to as well, and a ConfigMap, which is updated",
      ),
      note: "files are those of the launcher's user, as upstream; not migratable; on a real Kubernetes, with a Secret: test/parity; ServiceAccount, downward API: src/controllers/virtualmachineinstance/launcher/pod.test.ts",
    },
    {
      row: 65,
      name: "downward metrics",
      proof: guest(
        qemu,
        "a kernel from the image boots; its guest sees volumes and is told of its node; its panic is seen",
      ),
    },
    { row: 66, name: "LUN passthrough", proof: refused("domain.devices.disks[].lun") },
    {
      row: 67,
      name: "disk buses, boot order, serial, cache, error policy, block size, tray",
      proof: guest(qemu, "a SATA disk boots; ConfigDrive and a static network are applied; the agent shuts down"),
    },
    {
      row: 68,
      name: "disks plugged into a running machine",
      proof: guest(
        nodeAgent,
        "a claim is plugged into a running guest by whichever agent is there, outlives its server, and is unplugged with what was written",
      ),
      note: "claims with a file system, as disks on virtio and scsi or in cdrom drives (test/embedded/media.test.ts); the machine stays on its node until a restart",
    },
    { row: 69, name: "expansion of a disk in use", proof: missing },
    { row: 70, name: "migration of volumes", proof: missing },
    { row: 71, name: "discard, zeroes, preallocation", proof: missing },
    {
      row: 72,
      name: "the state of volumes",
      proof: guest(nodeAgent, "a guest comes up with its disks, address and agent"),
    },
    { row: 73, name: "containerPath and utility volumes", proof: refused("volumes[].containerPath", "utilityVolumes") },
    { row: 74, name: "changed block tracking", proof: refused("domain.devices.disks[].changedBlockTracking") },
  ],
};

export const images: Area = {
  title: "D. Images",
  features: [
    { row: 75, name: "import over HTTP", proof: missing },
    { row: 76, name: "import from S3 and GCS", proof: missing },
    { row: 77, name: "import from a registry", proof: missing },
    { row: 78, name: "import from VMware and oVirt", proof: missing },
    { row: 79, name: "upload", proof: missing },
    { row: 80, name: "clone of a claim", proof: missing },
    { row: 81, name: "clone of a VolumeSnapshot", proof: missing },
    { row: 82, name: "blank disks", proof: missing },
    { row: 83, name: "DataSource and DataImportCron", proof: missing },
    { row: 84, name: "StorageProfile", proof: missing },
    {
      row: 85,
      name: "volume populators, WaitForFirstConsumer",
      proof: args(
        rollout,
        "a claim of the local class is bound, written to by a pod, held while it is used, and reclaimed",
      ),
      note: "no populators",
    },
    { row: 86, name: "archives, preallocation, file system overhead, scratch space", proof: missing },
    { row: 87, name: "proxies, authorities, quota of imports", proof: missing },
    { row: 88, name: "populators of oVirt and OpenStack, Forklift", proof: missing },
  ],
};
