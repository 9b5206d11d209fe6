import { args, type Area, guest, missing, refused } from "../feature.ts";
import { migration, nodeAgent, rich, sees, strategies, tinyGuest, vmLifecycle } from "./files.ts";

export const lifecycle: Area = {
  title: "A. Lifecycle",
  features: [
    {
      row: 1,
      name: "run strategies Always, Halted, Manual, RerunOnFailure, Once",
      proof: guest(
        strategies,
        "Always: a guest that powers off is started again",
        "RerunOnFailure: a crash is followed by another instance, a power-off is not",
        "Manual: only its owner starts it",
        "Halted: nothing runs until it is started",
        "Once: it runs to its end, and that is all",
      ),
    },
    {
      row: 2,
      name: "start, stop and restart by subresource, state change requests",
      proof: guest(vmLifecycle, "it keeps its firmware UUID and MAC address over a restart, and stops when told"),
    },
    { row: 3, name: "start paused", proof: guest(nodeAgent, "one that is to start paused waits for its user") },
    {
      row: 4,
      name: "shutdown within the grace period, then the end",
      proof: guest("test/qemu/guest.test.ts", "the preStop hook lets a running guest shut down"),
    },
    {
      row: 5,
      name: "forced stop and restart",
      proof: guest(sees, "a forced stop does not wait for the guest"),
    },
    {
      row: 6,
      name: "pause and unpause",
      proof: guest(vmLifecycle, "a pause shows, and what is asked twice is refused"),
    },
    {
      row: 7,
      name: "soft reboot",
      proof: guest(nodeAgent, "a soft reboot keeps QEMU and starts the guest anew"),
    },
    { row: 8, name: "reset", proof: guest(sees, "a reset starts the guest anew in the same instance") },
    {
      row: 9,
      name: "what a reboot of the guest does (rebootPolicy)",
      proof: guest(sees, "with rebootPolicy Terminate a guest that reboots is at its end"),
    },
    {
      row: 10,
      name: "back-off of a machine that crashes again and again",
      proof: guest(vmLifecycle, "a guest that crashes is started again, one at a time"),
    },
    {
      row: 11,
      name: "an instance without a VirtualMachine",
      proof: guest(strategies, "an instance without a VirtualMachine ends with its guest, and is gone when deleted"),
    },
    {
      row: 12,
      name: "VirtualMachineInstanceReplicaSet",
      proof: guest(tinyGuest, "a replica set keeps as many as it is told, and replaces one that is deleted"),
      note: "adoption, pausing, /scale and refusals: test/vm-api/replica-sets.test.ts",
    },
    {
      row: 13,
      name: "VirtualMachinePool",
      proof: guest(tinyGuest, "a pool has numbered machines, and removes those of the highest numbers"),
      note: "updates, autohealing, selection: src/controllers/pool/pool.test.ts; no statePreservation Online",
    },
    {
      row: 14,
      name: "VirtualMachineInstancePreset",
      proof: guest(sees, "a guest has what a preset gives it"),
      note: "deprecated; exclusions and contradictions: test/vm-api/vm-api.test.ts",
    },
    {
      row: 15,
      name: "instance types and preferences, revisions, inference, conflicts, expand-spec",
      proof: guest(sees, "a machine of two lines is as large as its instance type says"),
      note: "revisions, inference, conflicts and expand-spec: test/vm-api/instancetypes.test.ts",
    },
    {
      row: 16,
      name: "a catalogue of sizes and systems",
      proof: guest(sees, "a machine of two lines is as large as its instance type says"),
    },
    {
      row: 17,
      name: "templates of machines (template.kubevirt.io)",
      proof: refused("configuration.virtTemplateDeployment"),
      note: "the kinds are not served",
    },
    { row: 18, name: "VirtualMachineClone", proof: missing },
    {
      row: 19,
      name: "node selector, affinity, tolerations, spread, priority, scheduler",
      proof: guest(sees, rich),
      note: "a node selector; the others by their arguments: src/controllers/virtualmachineinstance/launcher/pod.test.ts",
    },
    {
      row: 20,
      name: "RestartRequired and live update",
      proof: guest(
        migration,
        "it is given a processor while it runs, and takes it along",
        "it is given memory while it runs, and stays then where it is, as long as it is emulated",
      ),
      note: "live are sockets, memory, link state, node selector, affinity and tolerations: src/controllers/virtualmachine/live-update.test.ts",
    },
    {
      row: 21,
      name: "owners, finalizers, deletion with and without dependents",
      proof: guest(nodeAgent, "what ends is cleaned up"),
      note: "orphan, foreground and background: test/vm-api/pools.test.ts and replica-sets.test.ts",
    },
    {
      row: 22,
      name: "instances whose node is silent",
      proof: args(
        "src/controllers/virtualmachineinstance/status/vmi-conditions.test.ts",
        "a silent node is told, with what to do about it",
      ),
      note: "with guests in test/cluster/suite/install.test.ts",
    },
  ],
};
