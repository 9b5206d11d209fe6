/**
 * Annotations and labels by which KubeVirt's users change what it does, and what vmpod does about each. One table, as that of fields
 * (./validate/unavailable.ts): none is silently ignored. All others on a machine are handed on to its pod, for whoever reads them there.
 */
import { forbidden, invalid, type StatusCause } from "./validate/causes.ts";
import { annotations, inferenceLabels, ksmOverrides, labels } from "./names.ts";
import { presetExclusion } from "./presets.ts";

/** Of which objects' metadata. A machine is a VirtualMachineInstance or the template of one. */
type Place =
  | "KubeVirt"
  | "Namespace"
  | "Node"
  | "PersistentVolumeClaim"
  | "VirtualMachine"
  | "VirtualMachineInstanceMigration"
  | "machine";

export interface KnownMetadata {
  /** In full; or with a `*` for whatever comes there. */
  name: string;
  kind: "annotation" | "label";
  on: Place;
  /** It does what KubeVirt says (`does`), is refused with this reason (`refused`), or may be there but does nothing (`inert`). */
  outcome: "does" | "refused" | "inert";
  reason: string;
  /** Of a refusal: says what is so anyway, and so asks for nothing. */
  isDefault?: (value: string) => boolean;
}

type Line = [name: string, reason: string];

const annotated = (on: Place, outcome: KnownMetadata["outcome"], ...lines: Line[]): KnownMetadata[] =>
  lines.map(([name, reason]) => ({ name, kind: "annotation", on, outcome, reason }));
const labelled = (on: Place, outcome: KnownMetadata["outcome"], ...lines: Line[]): KnownMetadata[] =>
  lines.map(([name, reason]) => ({ name, kind: "label", on, outcome, reason }));

/** A switch that is off asks for nothing. */
const unlessOff = (entries: readonly KnownMetadata[]): KnownMetadata[] =>
  entries.map((entry) => ({ ...entry, isDefault: (value) => /^(false|0|f)$/i.test(value) }));

const forTests = "it makes KubeVirt fail for its own tests: leave it out";
const noMesh =
  "a service mesh's proxy in a machine's pod is not available yet: leave it out, and label the namespace so that none is injected";
const toldAll = "a launcher pod runs QEMU alone, without libvirt, and what QEMU has to tell is in the pod's log";

export const knownMetadata: readonly KnownMetadata[] = [
  ...annotated(
    "machine",
    "does",
    [annotations.ignitionData, "what Ignition makes of the guest at its first boot"],
    [annotations.freePageReportingDisabled, "`true`: the guest does not tell which pages it has no use for"],
    [annotations.disablePciHole64, "`true`: devices have no room above 4 GiB, for guests that cannot reach there"],
    [presetExclusion, "`true`: no preset is applied"],
    ["vm.kubevirt.io/os", "in metrics"],
    ["vm.kubevirt.io/workload", "in metrics"],
    ["vm.kubevirt.io/flavor", "in metrics"],
    [annotations.useEmulation, "vmpod's own. `true`: never on KVM"],
    [annotations.metadataService, "vmpod's own. `true`: the guest may ask who it is at 169.254.169.254"],
  ),
  ...annotated("machine", "refused", [
    "hooks.kubevirt.io/hookSidecars",
    "hooks rewrite the XML by which libvirt makes a machine, and vmpod has no libvirt: leave it out, and say what the machine is to have by its spec",
  ]),
  ...unlessOff(
    annotated(
      "machine",
      "refused",
      [
        "kubevirt.io/placePCIDevicesOnRootComplex",
        "devices are plugged into PCIe ports, and QEMU plugs none into the root complex: leave it out",
      ],
      [
        "kubevirt.io/keep-launcher-alive-after-failure",
        "a launcher pod is its QEMU and ends with it: leave it out; `vmpod explain` tells what QEMU said last, and its log stays until the machine is deleted",
      ],
      [
        "kubevirt.io/pause-guest-agent-probes",
        "the kubelet asks the guest's agent itself: leave it out, and the probe too while the agent is away",
      ],
      ["sidecar.istio.io/inject", noMesh],
      [
        "kubevirt.io/create-migration-target",
        "it makes a machine that waits for one from another cluster, and migration between clusters is not available yet",
      ],
    ),
  ),
  ...annotated(
    "machine",
    "refused",
    ["kubevirt.io/func-test-*", forTests],
    ["kubevirt.io/testWorkloadUpdateMigrationAbortion", forTests],
  ),
  ...annotated(
    "machine",
    "inert",
    [
      "kubevirt.io/allow-pod-bridge-network-live-migration",
      "the guest would keep an address that its new pod does not have: it is not moved, which the condition LiveMigratable says",
    ],
    ["kubevirt.io/image-volume-skip-digest-resolution", "digests are never looked up: the kubelet mounts the image"],
    ["kubevirt.io/libvirt-log-filters", toldAll],
    ["kubevirt.io/memfd", "where QEMU gets huge pages from, which neither guest nor node can tell"],
    ["kubevirt.io/nonroot", "QEMU never runs as root"],
    [
      "kubevirt.io/pci-interface-slot-count",
      "KubeVirt's memory of an older order of PCI devices, which vmpod never had",
    ],
    [annotations.pciTopologyVersion, "there is one order of PCI devices, told as v3"],
    ["k8s.v1.cni.cncf.io/networks", "the pod's own is made of `spec.networks`, as KubeVirt's is"],
  ),
  ...unlessOff(labelled("machine", "refused", ["sidecar.istio.io/inject", noMesh])),
  ...labelled(
    "machine",
    "inert",
    ["debugLogs", toldAll],
    ["logVerbosity", toldAll],
    ["virtiofsdDebugLogs", "what serves a directory tells what goes wrong, and has no more to tell"],
  ),
  ...annotated("VirtualMachine", "inert", [
    "kubevirt.io/immediate-data-volume-creation",
    "DataVolumes are refused as long as there are none",
  ]),
  ...annotated(
    "VirtualMachineInstanceMigration",
    "does",
    [annotations.unschedulableTimeout, "after how many seconds a target pod that no node takes is given up"],
    [annotations.pendingTimeout, "after how many seconds a target pod that does not become ready is given up"],
  ),
  ...annotated("Node", "does", ...Object.values(ksmOverrides).map((name): Line => [name, "how KSM is tuned there"]), [
    annotations.skipNodeLabels,
    "`true`: the agent leaves the labels about its processor as they are",
  ]),
  ...labelled("Namespace", "does", [
    labels.autoMemoryLimitsRatio,
    "how much more memory than requested a launcher may use, where a quota counts limits",
  ]),
  ...labelled(
    "PersistentVolumeClaim",
    "does",
    ...Object.values(inferenceLabels).map((name): Line => [name, "of what a machine with this volume is to be made"]),
  ),
  ...annotated("KubeVirt", "refused", [
    "alpha.kubevirt.io/EmulatorThreadCompleteToEvenParity",
    "an emulator thread has one processor: remove it",
  ]),
  ...annotated("KubeVirt", "inert", [
    "kubevirt.io/vga-display-efi-x86",
    "the screen is a VGA unless `video` says otherwise",
  ]),
];

type Given = Record<string, string> | undefined;

/** Those of a machine's annotations that are refused. `field` is where they are. */
export function refuseMachineAnnotations(given: Given, field: string): StatusCause[] {
  return refuse("annotation", given, field);
}

/** The same of its labels. */
export function refuseMachineLabels(given: Given, field: string): StatusCause[] {
  return refuse("label", given, field);
}

function refuse(kind: KnownMetadata["kind"], given: Given, field: string): StatusCause[] {
  const refused = refusedAt("machine").filter((each) => each.kind === kind);
  return Object.entries(given ?? {}).flatMap(([name, value]) => {
    const entry = refused.find((each) => matches(each, name) && !each.isDefault?.(value));
    return entry === undefined ? [] : [forbidden(`${field}[${name}]`, entry.reason)];
  });
}

/** One sentence for each annotation of a KubeVirt resource that is not honoured. */
export function annotationProblems(given: Given): string[] {
  return refusedAt("KubeVirt").flatMap(({ name, reason }) => {
    const value = given?.[name];
    return value === undefined
      ? []
      : [`metadata.annotations[${name}] ${JSON.stringify(value)} is not honoured: ${reason}`];
  });
}

/** How long a migration's target pod may take. */
export function validateMigrationAnnotations(given: Given): StatusCause[] {
  return [annotations.unschedulableTimeout, annotations.pendingTimeout].flatMap((name) => {
    const value = given?.[name];
    return value === undefined || /^\d+$/.test(value)
      ? []
      : [invalid(`metadata.annotations[${name}]`, value, "must be a whole number of seconds")];
  });
}

function refusedAt(on: Place): KnownMetadata[] {
  return knownMetadata.filter((each) => each.on === on && each.outcome === "refused");
}

function matches({ name }: KnownMetadata, given: string): boolean {
  return name.endsWith("*") ? given.startsWith(name.slice(0, -1)) : given === name;
}
