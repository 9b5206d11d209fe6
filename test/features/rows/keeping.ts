import { args, type Area, guest, missing, refused } from "../feature.ts";
import { cli, migration as moved, nodeAgent, sees, vmApi } from "./files.ts";

export const snapshots: Area = {
  title: "F. Snapshots, backup, export",
  features: [
    { row: 103, name: "snapshots", proof: missing },
    { row: 104, name: "restore", proof: missing },
    { row: 105, name: "export", proof: missing },
    {
      row: 106,
      name: "memory dump",
      proof: guest(
        nodeAgent,
        "a running guest's memory is written into a claim, and the guest goes on",
        "a dump goes on while the agent is away, and takes the place of the one before",
        "a dump of a machine that ends meanwhile has failed; then its claim is let go",
      ),
      note: "downloading it waits for exports",
    },
    { row: 107, name: "incremental backup", proof: missing },
    { row: 108, name: "hooks of Velero", proof: missing },
    { row: 109, name: "a guestfs shell on a claim", proof: missing },
  ],
};

export const migration: Area = {
  title: "G. Migration, availability",
  features: [
    {
      row: 110,
      name: "live migration",
      proof: guest(
        moved,
        "there and back: the same boot, no number lost, one QEMU, the Service leads to it",
        "it goes on at its target before all of its memory is there, where the node permits that",
      ),
      note: "no multifd, no compression; between nodes in test/cluster/suite/migration.test.ts",
    },
    {
      row: 111,
      name: "migration with disks that are not shared",
      proof: guest(moved, "there and back: the same boot, no number lost, one QEMU, the Service leads to it"),
    },
    {
      row: 112,
      name: "policies, limits, abort, time limits",
      proof: guest(
        moved,
        "a cancelled migration leaves the guest where it is",
        "a guest whose migration takes too long stands still until it has moved, as the policy that selects it says",
      ),
    },
    {
      row: 113,
      name: "TLS, a network of its own for migrations",
      proof: refused("configuration.migrations.network"),
      note: "TLS is there: test/cluster/suite/migration.test.ts",
    },
    {
      row: 114,
      name: "drain, eviction strategy, disruption budget",
      proof: guest(moved, "an eviction of its pod moves it instead"),
      note: "a drain in test/cluster/suite/migration.test.ts",
    },
    {
      row: 115,
      name: "moving machines to a newer launcher",
      proof: args(
        vmApi,
        "machines of an older launcher are marked and counted, and migrate to a newer one, or are evicted when they cannot",
      ),
    },
    { row: 116, name: "migration between clusters", proof: missing },
    {
      row: 117,
      name: "probes",
      proof: guest(cli, "a guest is ready while its probe succeeds"),
      note: "by http in test/vm-api/lifecycle",
    },
    { row: 118, name: "watchdog", proof: guest(sees, "a watchdog that nobody feeds powers the machine off") },
    {
      row: 119,
      name: "stalled migrations, downtime",
      proof: guest(
        moved,
        "a guest whose migration takes too long stands still until it has moved, as the policy that selects it says",
      ),
    },
    {
      row: 120,
      name: "nodes that fail",
      proof: args(
        "src/controllers/virtualmachineinstance/status/vmi-conditions.test.ts",
        "a silent node is told, with what to do about it",
      ),
      note: "with guests in test/cluster/suite/install.test.ts",
    },
  ],
};
