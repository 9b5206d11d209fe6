/**
 * The cluster's instance types that come with vmpod: upstream's series by their names and sizes, `u1.small`.
 *
 *   u1  universal      o1  memory overcommitted      cx1  exclusive CPUs      m1  much memory      n1  network      rt1  real-time
 */
import { apiVersionOf } from "../../meta.ts";
import type { InstancetypeSpec } from "../instancetype/specs.ts";
import { type VirtualMachineClusterInstancetype, virtualMachineClusterInstancetypes } from "../resources.ts";

interface Series {
  class: string;
  displayName: string;
  icon: string;
  /** vCPUs and memory by size. */
  sizes: Readonly<Record<string, readonly [vcpus: number, memory: string]>>;
  cpu?: Omit<InstancetypeSpec["cpu"], "guest">;
  memory?: Omit<InstancetypeSpec["memory"], "guest">;
  rest?: Partial<InstancetypeSpec>;
  labels?: Readonly<Record<string, string>>;
}

const prefix = "instancetype.kubevirt.io";
const universal = {
  nano: [1, "512Mi"],
  micro: [1, "1Gi"],
  small: [1, "2Gi"],
  medium: [1, "4Gi"],
  large: [2, "8Gi"],
  xlarge: [4, "16Gi"],
  "2xlarge": [8, "32Gi"],
  "4xlarge": [16, "64Gi"],
  "8xlarge": [32, "128Gi"],
} as const;
const { nano: _nano, ...realtimeSizes } = universal;

const exclusive = { dedicatedCPUPlacement: true, isolateEmulatorThread: true } as const;
const exclusiveLabels = {
  [`${prefix}/dedicatedCPUPlacement`]: "true",
  [`${prefix}/isolateEmulatorThread`]: "true",
  [`${prefix}/hugepages`]: "true",
};
const numa = { guestMappingPassthrough: {} };
/** To CRI-O: leave these processors alone. */
const quiet = {
  "cpu-load-balancing.crio.io": "disable",
  "cpu-quota.crio.io": "disable",
  "irq-load-balancing.crio.io": "disable",
};

const allSeries: Readonly<Record<string, Series>> = {
  u1: {
    class: "general.purpose",
    displayName: "General Purpose",
    icon: "pficon-server-group",
    sizes: { ...universal, "2xmedium": [2, "4Gi"] },
  },
  o1: {
    class: "overcommitted",
    displayName: "Overcommitted",
    icon: "pficon-virtual-machine",
    sizes: universal,
    memory: { overcommitPercent: 50 },
  },
  cx1: {
    class: "compute.exclusive",
    displayName: "Compute Exclusive",
    icon: "pficon-registry",
    sizes: {
      medium: [1, "2Gi"],
      large: [2, "4Gi"],
      xlarge: [4, "8Gi"],
      "2xlarge": [8, "16Gi"],
      "4xlarge": [16, "32Gi"],
      "8xlarge": [32, "64Gi"],
    },
    cpu: { ...exclusive, numa },
    memory: { hugepages: { pageSize: "2Mi" } },
    rest: { ioThreadsPolicy: "auto" },
    labels: { ...exclusiveLabels, [`${prefix}/numa`]: "true" },
  },
  m1: {
    class: "memory.intensive",
    displayName: "Memory Intensive",
    icon: "fa-memory",
    sizes: {
      large: [2, "16Gi"],
      xlarge: [4, "32Gi"],
      "2xlarge": [8, "64Gi"],
      "4xlarge": [16, "128Gi"],
      "8xlarge": [32, "256Gi"],
    },
    memory: { hugepages: { pageSize: "2Mi" } },
    labels: { [`${prefix}/hugepages`]: "true" },
  },
  n1: {
    class: "network",
    displayName: "Network",
    icon: "pficon-network",
    sizes: {
      medium: [4, "4Gi"],
      large: [4, "8Gi"],
      xlarge: [8, "16Gi"],
      "2xlarge": [16, "32Gi"],
      "4xlarge": [32, "64Gi"],
      "8xlarge": [64, "128Gi"],
    },
    cpu: exclusive,
    memory: { hugepages: { pageSize: "1Gi" } },
    rest: { annotations: quiet },
    labels: exclusiveLabels,
  },
  rt1: {
    class: "realtime",
    displayName: "Realtime",
    icon: "pficon-server-group",
    sizes: realtimeSizes,
    cpu: { ...exclusive, numa, realtime: {} },
    memory: { hugepages: { pageSize: "1Gi" } },
    rest: { annotations: quiet },
    labels: { ...exclusiveLabels, [`${prefix}/numa`]: "true", [`${prefix}/realtime`]: "true" },
  },
};

/** Made anew by each call: the caller owns them. */
export function shippedInstancetypes(): VirtualMachineClusterInstancetype[] {
  return Object.entries(allSeries).flatMap(([name, series]) =>
    Object.keys(series.sizes).map((size) => structuredClone(renderInstancetype(name, series, size))),
  );
}

function renderInstancetype(seriesName: string, series: Series, size: string): VirtualMachineClusterInstancetype {
  const [vcpus, memory] = series.sizes[size] ?? [1, "1Gi"];
  return {
    apiVersion: apiVersionOf(virtualMachineClusterInstancetypes),
    kind: virtualMachineClusterInstancetypes.kind,
    metadata: {
      name: `${seriesName}.${size}`,
      annotations: { [`${prefix}/displayName`]: series.displayName },
      labels: {
        [`${prefix}/class`]: series.class,
        [`${prefix}/cpu`]: String(vcpus),
        [`${prefix}/icon-pf`]: series.icon,
        [`${prefix}/memory`]: memory,
        [`${prefix}/size`]: size,
        [`${prefix}/vendor`]: "kubevirt.io",
        [`${prefix}/version`]: seriesName.replace(/^\D+/, ""),
        ...series.labels,
      },
    },
    spec: { cpu: { guest: vcpus, ...series.cpu }, memory: { guest: memory, ...series.memory }, ...series.rest },
  };
}
