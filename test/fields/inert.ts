/**
 * Fields that vmpod takes and does nothing about, each with the reason why that is right. Only what the test finds to be ignored may be
 * here: an entry about a field that is consumed or refused makes it fail.
 */
export interface Inert {
  path: string;
  /** Only on these items of the list that it is in, by their names in ./machine.ts. */
  items?: readonly string[];
  reason: string;
}

export const inertMachineFields: readonly Inert[] = [
  {
    path: "domain.cpu.features[].policy",
    reason:
      "force and optional are one to QEMU, which gives a feature that the processor has, and so are disable and forbid, which take it away",
  },
  {
    path: "domain.devices.disks[].cache",
    items: ["sata-cdrom", "files"],
    reason: "writethrough and writeback differ in how they write; a cdrom is only read",
  },
  { path: "domain.devices.sound.name", reason: "a name for people; a machine has one sound device" },
  { path: "domain.devices.watchdog.name", reason: "a name for people; a machine has one watchdog" },
  {
    path: "volumes[].persistentVolumeClaim.hotpluggable",
    items: ["directory"],
    reason: "a file system is there as long as the machine runs; only disks come and go",
  },
];

export const inertMigrationFields: readonly Inert[] = [];
export const inertPolicyFields: readonly Inert[] = [];
