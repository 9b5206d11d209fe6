/**
 * The cluster's preferences that come with vmpod, by upstream's names: which devices a guest has drivers for, and what it needs at
 * least. Windows as it is installed knows no virtio; with its drivers it is the preference `.virtio`.
 */
import { apiVersionOf } from "../../meta.ts";
import type { PreferenceSpec } from "../instancetype/specs.ts";
import { type VirtualMachineClusterPreference, virtualMachineClusterPreferences } from "../resources.ts";

interface System {
  displayName: string;
  icon: string;
  /** vCPUs and memory. */
  needs?: readonly [vcpus: number, memory: string];
  spec?: PreferenceSpec;
}

const linuxGraceSeconds = 180;
const windowsGraceSeconds = 3600;

const linuxSystems: Readonly<Record<string, System>> = {
  linux: { displayName: "Linux", icon: "icon-linux" },
  alpine: { displayName: "Alpine Linux", icon: "icon-linux", needs: [1, "512Mi"] },
  "centos.stream9": { displayName: "CentOS Stream 9", icon: "icon-centos", needs: [1, "1536Mi"] },
  "centos.stream10": { displayName: "CentOS Stream 10", icon: "icon-centos", needs: [1, "2Gi"] },
  cirros: { displayName: "CirrOS", icon: "icon-cirros", needs: [1, "256Mi"] },
  debian: { displayName: "Debian", icon: "icon-debian", needs: [1, "512Mi"] },
  fedora: { displayName: "Fedora", icon: "icon-fedora", needs: [1, "2Gi"] },
  "opensuse.leap": { displayName: "openSUSE Leap", icon: "icon-opensuse", needs: [1, "2Gi"] },
  "opensuse.tumbleweed": { displayName: "openSUSE Tumbleweed", icon: "icon-opensuse", needs: [1, "2Gi"] },
  oraclelinux: { displayName: "Oracle Linux", icon: "icon-linux", needs: [1, "1536Mi"] },
  "rhel.8": { displayName: "Red Hat Enterprise Linux 8", icon: "icon-rhel", needs: [1, "1536Mi"] },
  "rhel.9": { displayName: "Red Hat Enterprise Linux 9", icon: "icon-rhel", needs: [1, "1536Mi"] },
  "rhel.10": { displayName: "Red Hat Enterprise Linux 10", icon: "icon-rhel", needs: [1, "2Gi"] },
  sles: { displayName: "SUSE Linux Enterprise Server", icon: "icon-suse", needs: [1, "1Gi"] },
  ubuntu: { displayName: "Ubuntu", icon: "icon-ubuntu", needs: [1, "2Gi"] },
};

/** Its desktops know two sockets at most, so their vCPUs are cores. */
const desktop: PreferenceSpec = { cpu: { preferredCPUTopology: "cores" } };
const server: PreferenceSpec = { cpu: { preferredCPUTopology: "sockets" } };

const windowsSystems: Readonly<Record<string, System>> = {
  "windows.10": { displayName: "Microsoft Windows 10", icon: "icon-windows", needs: [1, "2Gi"], spec: desktop },
  "windows.11": {
    displayName: "Microsoft Windows 11",
    icon: "icon-windows",
    needs: [2, "4Gi"],
    spec: {
      ...desktop,
      // It does not install without.
      devices: { preferredTPM: {} },
      features: { preferredSmm: {} },
      firmware: { preferredEfi: { secureBoot: true } },
    },
  },
  "windows.2k16": {
    displayName: "Microsoft Windows Server 2016",
    icon: "icon-windows",
    needs: [1, "512Mi"],
    spec: server,
  },
  "windows.2k19": {
    displayName: "Microsoft Windows Server 2019",
    icon: "icon-windows",
    needs: [1, "512Mi"],
    spec: server,
  },
  "windows.2k22": {
    displayName: "Microsoft Windows Server 2022",
    icon: "icon-windows",
    needs: [1, "512Mi"],
    spec: server,
  },
  "windows.2k25": {
    displayName: "Microsoft Windows Server 2025",
    icon: "icon-windows",
    needs: [1, "2Gi"],
    spec: server,
  },
};

const linux: PreferenceSpec = {
  devices: { preferredDiskBus: "virtio", preferredInterfaceModel: "virtio", preferredRng: {} },
  preferredTerminationGracePeriodSeconds: linuxGraceSeconds,
};

/** Without these Windows is slow, and its clock is wrong. */
const windows: PreferenceSpec = {
  clock: {
    preferredClockOffset: { utc: {} },
    preferredTimer: {
      hpet: { present: false },
      hyperv: {},
      pit: { tickPolicy: "delay" },
      rtc: { tickPolicy: "catchup" },
    },
  },
  features: {
    preferredAcpi: {},
    preferredApic: {},
    preferredHyperv: {
      frequencies: {},
      ipi: {},
      reenlightenment: {},
      relaxed: {},
      reset: {},
      runtime: {},
      spinlocks: { spinlocks: 8191 },
      synic: {},
      synictimer: { direct: {} },
      tlbflush: {},
      vapic: {},
      vpindex: {},
    },
  },
  preferredTerminationGracePeriodSeconds: windowsGraceSeconds,
};

const asInstalled: PreferenceSpec["devices"] = {
  preferredAutoattachInputDevice: true,
  preferredDiskBus: "sata",
  preferredInputBus: "usb",
  preferredInputType: "tablet",
  preferredInterfaceModel: "e1000e",
};

const withDrivers: PreferenceSpec["devices"] = {
  preferredAutoattachInputDevice: true,
  preferredDiskBus: "virtio",
  preferredInputBus: "virtio",
  preferredInputType: "tablet",
  preferredInterfaceModel: "virtio",
};

/** Made anew by each call: the caller owns them. */
export function shippedPreferences(): VirtualMachineClusterPreference[] {
  return [
    ...Object.entries(linuxSystems).map(([name, system]) => renderPreference(name, "linux", system, linux)),
    ...Object.entries(windowsSystems).flatMap(([name, system]) => renderWindows(name, system)),
  ].map((each) => structuredClone(each));
}

function renderWindows(name: string, system: System): VirtualMachineClusterPreference[] {
  const displayName = `${system.displayName} (virtio)`;
  return [
    renderPreference(name, "windows", system, { ...windows, devices: asInstalled }),
    renderPreference(`${name}.virtio`, "windows", { ...system, displayName }, { ...windows, devices: withDrivers }),
  ];
}

function renderPreference(
  name: string,
  osType: string,
  { displayName, icon, needs, spec = {} }: System,
  base: PreferenceSpec,
): VirtualMachineClusterPreference {
  const prefix = "instancetype.kubevirt.io";
  return {
    apiVersion: apiVersionOf(virtualMachineClusterPreferences),
    kind: virtualMachineClusterPreferences.kind,
    metadata: {
      name,
      annotations: { "openshift.io/display-name": displayName, iconClass: icon, tags: `kubevirt,${name}` },
      labels: {
        [`${prefix}/os-type`]: osType,
        [`${prefix}/vendor`]: "kubevirt.io",
        ...(needs && { [`${prefix}/required-cpu`]: String(needs[0]), [`${prefix}/required-memory`]: needs[1] }),
      },
    },
    spec: {
      ...base,
      ...spec,
      devices: { ...base.devices, ...spec.devices },
      ...((base.features ?? spec.features) && { features: { ...base.features, ...spec.features } }),
      ...(needs && { requirements: { cpu: { guest: needs[0] }, memory: { guest: needs[1] } } }),
    },
  };
}
