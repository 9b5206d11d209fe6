import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultConfiguration, readConfiguration, type VirtConfiguration } from "./configuration.ts";
import type { KubeVirt } from "./resources.ts";

type Given = NonNullable<KubeVirt["spec"]["configuration"]>;

const honoured: [given: Given, read: Partial<VirtConfiguration>][] = [
  [{}, {}],
  [{ architectureConfiguration: { amd64: { machineType: "pc" } } }, { machineTypes: machines("pc") }],
  [{ machineType: "pc-q35-7.2" }, { machineTypes: machines("pc-q35-7.2") }],
  [{ network: { defaultNetworkInterface: "bridge" } }, { defaultNetworkInterface: "bridge" }],
  [{ evictionStrategy: "LiveMigrate" }, { evictionStrategy: "LiveMigrate" }],
  [{ cpuModel: "Nehalem" }, { cpuModel: "Nehalem" }],
  [{ vmRolloutStrategy: "Stage" }, { vmRolloutStrategy: "Stage" }],
  [{ vmRolloutStrategy: "LiveUpdate" }, {}],
  [
    { liveUpdateConfiguration: { maxHotplugRatio: 2, maxCpuSockets: 8, maxGuest: "16Gi" } },
    { liveUpdate: { maxHotplugRatio: 2, maxCpuSockets: 8, maxGuest: "16Gi" } },
  ],
  [{ developerConfiguration: { featureGates: ["LiveMigration"] } }, {}],
  [{ developerConfiguration: { featureGates: ["HostDisk"] } }, { hostDisks: true }],
  [{ obsoleteCPUModels: {}, emulatedMachines: [""], memBalloonStatsPeriod: 0, network: {} }, {}],
  [{ developerConfiguration: { useEmulation: true } }, { useEmulation: true }],
  [{ developerConfiguration: { cpuAllocationRatio: 4 } }, { cpuAllocationRatio: 4 }],
  [
    { migrations: { parallelMigrationsPerCluster: 1, bandwidthPerMigration: "64Mi", allowAutoConverge: true } },
    {
      migrations: {
        ...defaultConfiguration.migrations,
        parallelMigrationsPerCluster: 1,
        bandwidthPerMigration: "64Mi",
        allowAutoConverge: true,
      },
    },
  ],
  [
    { migrations: { allowPostCopy: true } },
    { migrations: { ...defaultConfiguration.migrations, allowPostCopy: true, allowWorkloadDisruption: true } },
  ],
  [
    {
      seccompConfiguration: { virtualMachineInstanceProfile: { customProfile: { localhostProfile: "vms/own.json" } } },
    },
    { seccompProfile: { type: "Localhost", localhostProfile: "vms/own.json" } },
  ],
  [
    { developerConfiguration: { logVerbosity: { virtAPI: 3, virtLauncher: 4, nodeVerbosity: { one: 6, two: 0 } } } },
    { logVerbosity: { virtAPI: 3, nodeVerbosity: { one: 6 } } },
  ],
  [{ developerConfiguration: { memoryOvercommit: 150 } }, { memoryOvercommitPercent: 150 }],
  [
    { autoCPULimitNamespaceLabelSelector: { matchLabels: { tenant: "yes" } } },
    { autoCpuLimitNamespaces: { matchLabels: { tenant: "yes" } } },
  ],
  [{ ksmConfiguration: { nodeLabelSelector: {} } }, { ksmNodes: {} }],
  [
    { ksmConfiguration: { nodeLabelSelector: { matchLabels: { dense: "yes" } } } },
    { ksmNodes: { matchLabels: { dense: "yes" } } },
  ],
  [{ ksmConfiguration: {} }, {}],
  [{ selinuxLauncherType: "virt_launcher.process" }, { selinuxLauncherType: "virt_launcher.process" }],
  [{ migrations: { matchSELinuxLevelOnMigration: false } }, { matchSelinuxLevels: false }],
  // They switch something by being there.
  [{ virtualMachineOptions: { disableFreePageReporting: {} } }, { freePageReporting: false }],
  [{ virtualMachineOptions: { disableSerialConsoleLog: {} } }, { serialConsoleLog: false }],
  // As Go writes an int that was not set.
  [{ developerConfiguration: { cpuAllocationRatio: 0 } }, {}],
];

for (const [given, read] of honoured) {
  test(`honoured: ${JSON.stringify(given)}`, () => {
    const expected = { configuration: { ...defaultConfiguration, ...read }, problems: [] };
    assert.deepEqual(readConfiguration({ spec: { configuration: given } }), expected);
  });
}

const refused: [given: Given, problem: string][] = [
  [
    { vmRolloutStrategy: "Never" },
    'spec.configuration.vmRolloutStrategy "Never" is not honoured: use LiveUpdate or Stage',
  ],
  [
    { liveUpdateConfiguration: { maxGuest: "much" } },
    'spec.configuration.liveUpdateConfiguration.maxGuest "much" is not honoured: use a quantity of bytes',
  ],
  [
    { smbios: { manufacturer: "me" } },
    'spec.configuration.smbios {"manufacturer":"me"} is not honoured: vmpod has no such setting, remove it',
  ],
  [
    { migrations: { network: "fast" } },
    `spec.configuration.migrations.network "fast" is not honoured: guests move from pod to pod over the pods' network, by TLS: remove it`,
  ],
  [
    { network: { defaultNetworkInterface: "slirp" } },
    'spec.configuration.network.defaultNetworkInterface "slirp" is not honoured: use bridge or masquerade',
  ],
  [{ evictionStrategy: "Run" }, 'spec.configuration.evictionStrategy "Run" is not honoured: use None or LiveMigrate'],
  [
    { developerConfiguration: { cpuAllocationRatio: -1 } },
    "spec.configuration.developerConfiguration.cpuAllocationRatio -1 is not honoured: use 1 or more",
  ],
  [
    { developerConfiguration: { logVerbosity: { nodeVerbosity: { one: 11 } } } },
    "spec.configuration.developerConfiguration.logVerbosity.nodeVerbosity.one 11 is not honoured: use 1 to 9",
  ],
  [
    { autoCPULimitNamespaceLabelSelector: { matchExpressions: [{ key: "a", operator: "Like" }] } },
    'spec.configuration.autoCPULimitNamespaceLabelSelector.matchExpressions {"key":"a","operator":"Like"} is not honoured: use the operators In',
  ],
  [
    { migrations: { bandwidthPerMigration: "fast" } },
    'spec.configuration.migrations.bandwidthPerMigration "fast" is not honoured: use a quantity',
  ],
  [
    { migrations: { progressTimeout: -1 } },
    "spec.configuration.migrations.progressTimeout -1 is not honoured: use 1 or more",
  ],
  [
    { seccompConfiguration: { virtualMachineInstanceProfile: { customProfile: { localhostProfile: "../own.json" } } } },
    'spec.configuration.seccompConfiguration.virtualMachineInstanceProfile.customProfile.localhostProfile "../own.json" is not honoured: use a path',
  ],
  [
    { architectureConfiguration: { defaultArchitecture: "s390x" } },
    'spec.configuration.architectureConfiguration.defaultArchitecture "s390x" is not honoured: use amd64',
  ],
];

for (const [given, problem] of refused) {
  test(`refused, and the rest is honoured: ${JSON.stringify(given)}`, () => {
    const read = readConfiguration({ spec: { configuration: { cpuModel: "Nehalem", ...given } } });
    assert.equal(read.problems.length, 1);
    assert.ok(read.problems[0]?.startsWith(problem), read.problems[0]);
    assert.deepEqual(read.configuration, { ...defaultConfiguration, cpuModel: "Nehalem" });
  });
}

test("without a KubeVirt resource the defaults hold", () => {
  assert.deepEqual(readConfiguration(undefined), { configuration: defaultConfiguration, problems: [] });
});

function machines(amd64: string): VirtConfiguration["machineTypes"] {
  return { ...defaultConfiguration.machineTypes, amd64 };
}
