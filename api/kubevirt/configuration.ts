/**
 * What an administrator may decide for all virtual machines: the part of the KubeVirt resource that vmpod reads. A value that
 * cannot be honoured counts as absent and is named, so that one mistake does not take the rest along.
 */
import type { SeccompProfile } from "../core.ts";
import type { LabelSelector } from "../meta.ts";
import { isQuantity } from "../../src/base/quantity.ts";
import { hostDiskGate } from "./feature-gates.ts";
import { annotationProblems } from "./known-metadata.ts";
import type { KubeVirt } from "./resources.ts";
import { isUnset } from "./unset.ts";

export interface VirtConfiguration {
  architecture: string;
  /** Machine type by architecture. */
  machineTypes: Readonly<Record<string, string>>;
  /** How the implicit `default` interface is bound. */
  defaultNetworkInterface: "bridge" | "masquerade";
  evictionStrategy: string | undefined;
  cpuModel: string | undefined;
  /** `Stage`: a changed template waits for a restart. `LiveUpdate`: CPUs and memory may grow while the guest runs. */
  vmRolloutStrategy: "Stage" | "LiveUpdate";
  liveUpdate: LiveUpdateConfiguration;
  /** Never use KVM. */
  useEmulation: boolean;
  /** A vCPU asks the scheduler for 1/ratio of a CPU. */
  cpuAllocationRatio: number;
  /** Of the guest's memory a launcher asks the scheduler for 100/percent. */
  memoryOvercommitPercent: number;
  /** Machines in these have a CPU limit, of a CPU for each vCPU. Undefined: none for that reason. */
  autoCpuLimitNamespaces: LabelSelector | undefined;
  /** Whether the instance types and preferences that come with vmpod are wanted. */
  commonInstancetypes: boolean;
  /** Whether machines may have files of their nodes as disks. */
  hostDisks: boolean;
  /** Of launcher pods. */
  seccompProfile: SeccompProfile;
  /** The SELinux type of launcher pods. Undefined: the container runtime's. */
  selinuxLauncherType: string | undefined;
  /** Where there is SELinux, a migration's target pod has the level of its source, with which it may share volumes. */
  matchSelinuxLevels: boolean;
  /** Of the claims for TPMs and EFI variables. Undefined: the cluster's default. */
  stateStorageClass: string | undefined;
  migrations: VirtMigrationConfiguration;
  logVerbosity: LogVerbosity;
  /** Whether guests tell which pages they have no use for, and their serial consoles are in their pods' logs, where they do not say themselves. */
  freePageReporting: boolean;
  serialConsoleLog: boolean;
  /** The agents of these nodes merge pages that are the same in several guests (KSM). Undefined: of none. */
  ksmNodes: LabelSelector | undefined;
}

/** How much vmpod's processes log, by KubeVirt's names of their parts: 1 to 9, absent as they were started. */
export interface LogVerbosity {
  virtAPI?: number;
  virtController?: number;
  virtHandler?: number;
  /** Of the agents of single nodes, instead of `virtHandler`. */
  nodeVerbosity: Readonly<Record<string, number>>;
}

/** `spec.configuration.liveUpdateConfiguration`: how far a machine may grow that does not say so itself. */
export interface LiveUpdateConfiguration {
  /** In sockets; else `maxHotplugRatio` times those it starts with. */
  maxCpuSockets: number | undefined;
  /** A quantity; else `maxHotplugRatio` times what it starts with. */
  maxGuest: string | undefined;
  maxHotplugRatio: number;
}

/** `spec.configuration.migrations`, with upstream's defaults filled in. */
export interface VirtMigrationConfiguration {
  parallelMigrationsPerCluster: number;
  parallelOutboundMigrationsPerNode: number;
  /** Bytes a second, as a quantity; `0` is no limit. */
  bandwidthPerMigration: string;
  /** Seconds for each GiB of the guest's memory. */
  completionTimeoutPerGiB: number;
  /** Seconds without progress. */
  progressTimeout: number;
  allowAutoConverge: boolean;
  /** When it takes longer than that, the guest may go on at its target before all of its memory is there. */
  allowPostCopy: boolean;
  /** When it takes longer than that, the guest may be disturbed: switched to postcopy, or else stand still until it has moved. */
  allowWorkloadDisruption: boolean;
}

export const defaultConfiguration: VirtConfiguration = {
  architecture: "amd64",
  machineTypes: { amd64: "q35", arm64: "virt", s390x: "s390-ccw-virtio" },
  defaultNetworkInterface: "masquerade",
  evictionStrategy: undefined,
  cpuModel: undefined,
  vmRolloutStrategy: "LiveUpdate",
  liveUpdate: { maxCpuSockets: undefined, maxGuest: undefined, maxHotplugRatio: 4 },
  useEmulation: false,
  cpuAllocationRatio: 20,
  memoryOvercommitPercent: 100,
  autoCpuLimitNamespaces: undefined,
  commonInstancetypes: true,
  hostDisks: false,
  seccompProfile: { type: "RuntimeDefault" },
  selinuxLauncherType: undefined,
  matchSelinuxLevels: true,
  stateStorageClass: undefined,
  migrations: {
    parallelMigrationsPerCluster: 5,
    parallelOutboundMigrationsPerNode: 2,
    bandwidthPerMigration: "0",
    completionTimeoutPerGiB: 150,
    progressTimeout: 150,
    allowAutoConverge: false,
    allowPostCopy: false,
    allowWorkloadDisruption: false,
  },
  logVerbosity: { nodeVerbosity: {} },
  freePageReporting: true,
  serialConsoleLog: true,
  ksmNodes: undefined,
};

/** Undefined for an architecture that there is not, whatever its name. */
export function machineTypeFor(
  { machineTypes }: VirtConfiguration,
  architecture: string | undefined,
): string | undefined {
  return architecture !== undefined && Object.hasOwn(machineTypes, architecture)
    ? machineTypes[architecture]
    : undefined;
}

export interface ReadConfiguration {
  configuration: VirtConfiguration;
  /** One sentence for each value that is not honoured: field, value, what would be. */
  problems: string[];
}

/** Where configuration comes from while it may change. */
export type ConfigurationSource = () => VirtConfiguration;

type Spec = NonNullable<KubeVirt["spec"]["configuration"]>;

export function readConfiguration(kubevirt: KubeVirt | undefined): ReadConfiguration {
  const { configuration: given = {} } = kubevirt?.spec ?? {};
  const reader = new Reader([...unknownSettings(given), ...annotationProblems(kubevirt?.metadata?.annotations)]);
  const developer = given.developerConfiguration;
  const configuration: VirtConfiguration = {
    architecture: reader.oneOf(
      "architectureConfiguration.defaultArchitecture",
      given.architectureConfiguration?.defaultArchitecture,
      ["amd64"],
      defaultConfiguration.architecture,
    ),
    machineTypes: { ...defaultConfiguration.machineTypes, ...machineTypesOf(given) },
    defaultNetworkInterface: reader.oneOf(
      "network.defaultNetworkInterface",
      given.network?.defaultNetworkInterface,
      ["bridge", "masquerade"],
      defaultConfiguration.defaultNetworkInterface,
    ),
    evictionStrategy: reader.oneOf("evictionStrategy", given.evictionStrategy, evictionStrategies, undefined),
    cpuModel: given.cpuModel || undefined,
    vmRolloutStrategy: reader.oneOf(
      "vmRolloutStrategy",
      given.vmRolloutStrategy,
      ["LiveUpdate", "Stage"],
      defaultConfiguration.vmRolloutStrategy,
    ),
    liveUpdate: readLiveUpdate(given.liveUpdateConfiguration ?? {}, reader),
    useEmulation: developer?.useEmulation ?? defaultConfiguration.useEmulation,
    cpuAllocationRatio: reader.atLeastOne(
      "developerConfiguration.cpuAllocationRatio",
      developer?.cpuAllocationRatio,
      defaultConfiguration.cpuAllocationRatio,
    ),
    memoryOvercommitPercent: reader.atLeastOne(
      "developerConfiguration.memoryOvercommit",
      developer?.memoryOvercommit,
      defaultConfiguration.memoryOvercommitPercent,
    ),
    autoCpuLimitNamespaces: reader.selector(
      "autoCPULimitNamespaceLabelSelector",
      given.autoCPULimitNamespaceLabelSelector as LabelSelector | undefined,
    ),
    hostDisks: developer?.featureGates?.includes(hostDiskGate) ?? defaultConfiguration.hostDisks,
    commonInstancetypes: given.commonInstancetypesDeployment?.enabled ?? defaultConfiguration.commonInstancetypes,
    seccompProfile: readSeccompProfile(given.seccompConfiguration ?? {}, reader),
    selinuxLauncherType: given.selinuxLauncherType || undefined,
    matchSelinuxLevels: given.migrations?.matchSELinuxLevelOnMigration ?? defaultConfiguration.matchSelinuxLevels,
    stateStorageClass: given.vmStateStorageClass || undefined,
    migrations: readMigrations(given.migrations ?? {}, reader),
    logVerbosity: readVerbosity(developer?.logVerbosity ?? {}, reader),
    freePageReporting: !given.virtualMachineOptions?.disableFreePageReporting,
    serialConsoleLog: !given.virtualMachineOptions?.disableSerialConsoleLog,
    ksmNodes: reader.selector(
      "ksmConfiguration.nodeLabelSelector",
      given.ksmConfiguration?.nodeLabelSelector as LabelSelector | undefined,
    ),
  };
  return { configuration, problems: reader.problems };
}

const knownSettings: readonly string[] = [
  "architectureConfiguration.defaultArchitecture",
  "architectureConfiguration.amd64.machineType",
  "architectureConfiguration.arm64.machineType",
  "architectureConfiguration.s390x.machineType",
  "autoCPULimitNamespaceLabelSelector",
  "cpuModel",
  "developerConfiguration.cpuAllocationRatio",
  "developerConfiguration.featureGates",
  "developerConfiguration.logVerbosity.nodeVerbosity",
  "developerConfiguration.logVerbosity.virtAPI",
  "developerConfiguration.logVerbosity.virtController",
  "developerConfiguration.logVerbosity.virtHandler",
  "developerConfiguration.memoryOvercommit",
  "developerConfiguration.useEmulation",
  "evictionStrategy",
  "ksmConfiguration.nodeLabelSelector",
  ...Object.keys(defaultConfiguration.liveUpdate).map((name) => `liveUpdateConfiguration.${name}`),
  "machineType",
  ...Object.keys(defaultConfiguration.migrations).map((name) => `migrations.${name}`),
  "migrations.matchSELinuxLevelOnMigration",
  "network.defaultNetworkInterface",
  "seccompConfiguration.virtualMachineInstanceProfile.customProfile.localhostProfile",
  "selinuxLauncherType",
  "virtualMachineOptions.disableFreePageReporting",
  "virtualMachineOptions.disableSerialConsoleLog",
  "vmRolloutStrategy",
  "vmStateStorageClass",
];

/** Settings whose users want to know more than that vmpod has none such. */
export const refusedSettings: Readonly<Record<string, string>> = {
  hypervisors: "guests run on KVM, or are emulated where there is none: remove it",
  "migrations.network":
    "guests move from pod to pod over the pods' network, by TLS: remove it; bandwidthPerMigration leaves others their share",
  "network.binding": "network binding plugins are not available yet: remove it, and use masquerade or bridge",
  virtTemplateDeployment:
    "templates of machines are not available yet: remove it, and use instance types and preferences",
};

/** Settings that may say what they like, because nothing depends on them; with the reason. */
export const inertSettings: Readonly<Record<string, string>> = {
  "developerConfiguration.disabledFeatureGates":
    "HostDisk is closed unless featureGates names it; nothing else has a gate: what vmpod can do is on, and what it cannot is refused",
  "developerConfiguration.logVerbosity.virtLauncher":
    "a launcher pod runs QEMU alone, which tells all that it has to tell",
  "developerConfiguration.logVerbosity.virtOperator": "vmpod has no operator: what it would do, the command line does",
  "developerConfiguration.logVerbosity.virtSynchronizationController":
    "vmpod has none: migrations between clusters are not available",
  "network.permitSlirpInterface": "slirp was removed from the API, and is refused",
  "network.permitBridgeInterfaceOnPodNetwork": "the bridge binding is refused, whoever permits it",
};

/** Whatever is set, and not known: named as high up as nothing below is known either. Empty values ask for nothing. */
function unknownSettings(value: unknown, name = ""): string[] {
  const taken = [...knownSettings, ...Object.keys(inertSettings)];
  const inParts = [...taken, ...Object.keys(refusedSettings)];
  if (taken.includes(name)) return [];
  const isAbove = name === "" || inParts.some((each) => each.startsWith(`${name}.`));
  if (isAbove && typeof value === "object" && value !== null && !Array.isArray(value))
    return Object.entries(value).flatMap(([key, child]) =>
      unknownSettings(child, name === "" ? key : `${name}.${key}`),
    );
  if (isUnset(value)) return [];
  return [problem(name, JSON.stringify(value), refusedSettings[name] ?? "vmpod has no such setting, remove it")];
}

function problem(field: string, value: string, fix: string): string {
  return `spec.configuration.${field} ${value} is not honoured: ${fix}`;
}

type MigrationCount = {
  [Field in keyof VirtMigrationConfiguration]: VirtMigrationConfiguration[Field] extends number ? Field : never;
}[keyof VirtMigrationConfiguration];

function readLiveUpdate(
  { maxCpuSockets, maxGuest, maxHotplugRatio }: NonNullable<Spec["liveUpdateConfiguration"]>,
  reader: Reader,
): LiveUpdateConfiguration {
  const field = "liveUpdateConfiguration";
  const defaults = defaultConfiguration.liveUpdate;
  return {
    maxCpuSockets: reader.atLeastOne(`${field}.maxCpuSockets`, maxCpuSockets, defaults.maxCpuSockets),
    maxGuest: reader.quantity(`${field}.maxGuest`, maxGuest, defaults.maxGuest, "a quantity of bytes, e.g. 16Gi"),
    maxHotplugRatio: reader.atLeastOne(`${field}.maxHotplugRatio`, maxHotplugRatio, defaults.maxHotplugRatio),
  };
}

function readMigrations(given: NonNullable<Spec["migrations"]>, reader: Reader): VirtMigrationConfiguration {
  const defaults = defaultConfiguration.migrations;
  const count = (field: MigrationCount): number =>
    reader.atLeastOne(`migrations.${field}`, given[field], defaults[field]);
  return {
    parallelMigrationsPerCluster: count("parallelMigrationsPerCluster"),
    parallelOutboundMigrationsPerNode: count("parallelOutboundMigrationsPerNode"),
    bandwidthPerMigration: reader.quantity(
      "migrations.bandwidthPerMigration",
      given.bandwidthPerMigration,
      defaults.bandwidthPerMigration,
      "a quantity of bytes a second, e.g. 64Mi, or 0 for no limit",
    ),
    completionTimeoutPerGiB: count("completionTimeoutPerGiB"),
    progressTimeout: count("progressTimeout"),
    allowAutoConverge: given.allowAutoConverge ?? defaults.allowAutoConverge,
    allowPostCopy: given.allowPostCopy ?? defaults.allowPostCopy,
    allowWorkloadDisruption: given.allowWorkloadDisruption ?? given.allowPostCopy ?? defaults.allowWorkloadDisruption,
  };
}

type GivenVerbosity = NonNullable<NonNullable<Spec["developerConfiguration"]>["logVerbosity"]>;

/** As everywhere in this resource, 0 says nothing. */
function readVerbosity(given: GivenVerbosity, reader: Reader): LogVerbosity {
  const field = "developerConfiguration.logVerbosity";
  const { virtAPI, virtController, virtHandler, nodeVerbosity = {} } = given;
  return {
    ...reader.verbosities(field, { virtAPI, virtController, virtHandler }),
    nodeVerbosity: reader.verbosities(`${field}.nodeVerbosity`, nodeVerbosity),
  };
}

function readSeccompProfile(given: NonNullable<Spec["seccompConfiguration"]>, reader: Reader): SeccompProfile {
  const { localhostProfile } = given.virtualMachineInstanceProfile?.customProfile ?? {};
  if (!localhostProfile) return defaultConfiguration.seccompProfile;
  const field = "seccompConfiguration.virtualMachineInstanceProfile.customProfile.localhostProfile";
  const file = reader.relativePath(field, localhostProfile);
  return file === undefined ? defaultConfiguration.seccompProfile : { type: "Localhost", localhostProfile: file };
}

const evictionStrategies = ["None", "LiveMigrate", "LiveMigrateIfPossible", "External"] as const;

/** The old field speaks of the one architecture that there was when it was made. */
function machineTypesOf({ machineType, architectureConfiguration }: Spec): Record<string, string> {
  const types = {
    amd64: architectureConfiguration?.amd64?.machineType || machineType,
    arm64: architectureConfiguration?.arm64?.machineType,
    s390x: architectureConfiguration?.s390x?.machineType,
  };
  return Object.fromEntries(Object.entries(types).flatMap(([name, type]) => (type ? [[name, type]] : [])));
}

const selectorOperators: readonly string[] = ["In", "NotIn", "Exists", "DoesNotExist"];

const isVerbosity = (value: number): boolean => Number.isInteger(value) && value >= 1 && value <= 9;

class Reader {
  readonly problems: string[];

  constructor(problems: readonly string[]) {
    this.problems = [...problems];
  }

  oneOf<T extends string, D>(field: string, value: string | undefined, known: readonly T[], fallback: D): T | D {
    if (!value) return fallback;
    const found = known.find((each) => each === value);
    if (found === undefined) this.refuse(field, JSON.stringify(value), `use ${known.join(" or ")}`);
    return found ?? fallback;
  }

  atLeastOne<D>(field: string, value: number | undefined, fallback: D): number | D {
    if (!value) return fallback;
    if (value >= 1) return value;
    this.refuse(field, String(value), "use 1 or more");
    return fallback;
  }

  /** No schema says which operators there are. */
  selector(field: string, selector: LabelSelector | undefined): LabelSelector | undefined {
    const wrong = selector?.matchExpressions?.find(({ operator }) => !selectorOperators.includes(operator));
    if (wrong === undefined) return selector;
    this.refuse(
      `${field}.matchExpressions`,
      JSON.stringify(wrong),
      `use the operators ${selectorOperators.join(", ")}`,
    );
    return undefined;
  }

  /** Those that are set. */
  verbosities(field: string, given: Record<string, number | undefined>): Record<string, number> {
    const set = Object.entries(given).flatMap(([name, value]): [string, number][] => (value ? [[name, value]] : []));
    const [right, wrong] = [true, false].map((wanted) => set.filter(([, value]) => isVerbosity(value) === wanted));
    for (const [name, value] of wrong ?? []) this.refuse(`${field}.${name}`, String(value), "use 1 to 9");
    return Object.fromEntries(right ?? []);
  }

  quantity<D>(field: string, value: string | number | undefined, fallback: D, wanted: string): string | D {
    if (value === undefined || value === "") return fallback;
    if (isQuantity(value) && !String(value).startsWith("-")) return String(value);
    this.refuse(field, JSON.stringify(value), `use ${wanted}`);
    return fallback;
  }

  relativePath(field: string, value: string): string | undefined {
    if (!value.startsWith("/") && !value.split("/").includes("..")) return value;
    this.refuse(field, JSON.stringify(value), "use a path relative to the kubelet's directory of seccomp profiles");
    return undefined;
  }

  private refuse(field: string, value: string, fix: string): void {
    this.problems.push(problem(field, value, fix));
  }
}
