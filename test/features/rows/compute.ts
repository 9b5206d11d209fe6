import { args, type Area, guest, refused } from "../feature.ts";
import { bootFailure, commands, hyperv, migration, qemu, rich, sees, tinyGuest, vmLifecycle } from "./files.ts";

const qemuGuest = "a SATA disk boots; ConfigDrive and a static network are applied; the agent shuts down";
const qemuKernel = "a kernel from the image boots; its guest sees volumes and is told of its node; its panic is seen";

const bothTpms = "what a TPM keeps outlives its machine: both have derived the same key from it";
const restart = "vmpod restart gives another instance of the same machine, with what its TPM keeps";

export const compute: Area = {
  title: "B. Compute",
  features: [
    {
      row: 23,
      name: "sockets, cores, threads",
      proof: guest(sees, rich),
    },
    { row: 24, name: "CPU models and features", proof: guest(sees, rich) },
    {
      row: 25,
      name: "nodes labelled with CPU models and features",
      proof: guest(sees, "a machine boots on a node that has the model and the feature that it selects"),
    },
    {
      row: 26,
      name: "guest memory, requests, overhead",
      proof: guest(bootFailure, "more memory than there is"),
    },
    { row: 27, name: "huge pages", proof: guest(qemu, qemuGuest) },
    {
      row: 28,
      name: "dedicated CPUs",
      proof: guest(
        tinyGuest,
        "a machine with a processor of its own has it for its vCPU alone, whoever is killed meanwhile",
      ),
      note: "an emulator thread on a processor of its own by its arguments: src/node/processors/pins.test.ts; with the kubelet of a real Kubernetes: test/cluster/suite/agent",
    },
    { row: 29, name: "NUMA", proof: refused("domain.cpu.numa") },
    { row: 30, name: "real time", proof: refused("domain.cpu.realtime") },
    {
      row: 31,
      name: "CPU hot-plug",
      proof: guest(migration, "it is given a processor while it runs, and takes it along"),
      note: "the pod is resized where it is; where it cannot be, the guest moves: src/controllers/migration/growth.test.ts",
    },
    {
      row: 32,
      name: "memory hot-plug",
      proof: guest(
        migration,
        "it is given memory while it runs, and stays then where it is, as long as it is emulated",
      ),
      note: "by virtio-mem; an emulated guest with such memory does not move",
    },
    { row: 33, name: "machine types", proof: guest(qemu, qemuGuest) },
    {
      row: 34,
      name: "BIOS, EFI, Secure Boot",
      proof: guest(vmLifecycle, "the examples boot"),
      note: "Secure Boot by its arguments",
    },
    {
      row: 35,
      name: "EFI variables and TPM state that outlive a restart",
      proof: guest(commands, restart),
      note: "the EFI variables by QEMU's arguments",
    },
    { row: 36, name: "virtual TPM", proof: guest(qemu, bothTpms) },
    { row: 37, name: "a kernel from a container image", proof: guest(qemu, qemuKernel) },
    {
      row: 38,
      name: "Hyper-V enlightenments",
      proof: args(hyperv, "enlightenments by QEMU's names, with what they need"),
      note: "only on KVM; `SoftwareEmulation` says when there are none",
    },
    { row: 39, name: "clock and timers", proof: guest(qemu, qemuGuest) },
    {
      row: 40,
      name: "ACPI, APIC, SMM, KVM features",
      proof: guest(sees, "System Management Mode is there for the machine that asks for it"),
      note: "KVM's features by QEMU's arguments; ACPI and APIC are always there: to be without is refused",
    },
    {
      row: 41,
      name: "SMBIOS: chassis, serial, UUID",
      proof: guest(qemu, qemuGuest),
    },
    {
      row: 42,
      name: "rng, watchdog, sound, video, inputs",
      proof: guest(sees, rich, "a watchdog that nobody feeds powers the machine off"),
      note: "sound in test/qemu/guest.test.ts",
    },
    { row: 43, name: "panic devices", proof: guest(qemu, qemuKernel) },
    {
      row: 44,
      name: "balloon and free page reporting",
      proof: guest(qemu, "virtio: cloud-init applied, agent, ssh and http answer, the power button ends it"),
    },
    {
      row: 45,
      name: "KSM of nodes",
      proof: guest(
        tinyGuest,
        "pages that are the same are merged where the configuration says so, while memory is scarce",
      ),
      note: "what the node's owner has turned on is left to them",
    },
    { row: 46, name: "GPUs", proof: refused("domain.devices.gpus") },
    { row: 47, name: "host devices", proof: refused("domain.devices.hostDevices") },
    { row: 48, name: "dynamic resource allocation", proof: refused("resourceClaims") },
    { row: 49, name: "encrypted guests (SEV, TDX)", proof: refused("domain.launchSecurity") },
    {
      row: 50,
      name: "guests of another architecture",
      proof: guest(sees, "a guest of arm64 boots on an emulated processor, with its disks, network, agent and console"),
      note: "arm64, emulated on amd64; not s390x",
    },
    {
      row: 51,
      name: "software emulation",
      proof: guest(qemu, "virtio: cloud-init applied, agent, ssh and http answer, the power button ends it"),
    },
    { row: 52, name: "hypervisors other than KVM", proof: refused("configuration.hypervisors") },
    {
      row: 53,
      name: "PCIe ports",
      proof: guest(sees, "a guest has a PCIe port for each of its disks and its interface, and four to spare"),
    },
    {
      row: 54,
      name: "I/O threads and multiple queues",
      proof: guest(commands, "disks and NIC have a queue for each processor of the guest"),
      note: "a disk has one thread of a pool: QEMU before 9.0 cannot spread its queues",
    },
  ],
};
