/**
 * Renders the pod whose one process is QEMU. Pure: the same VMI gives the same pod, also its name, so that a
 * controller that crashed after creating it cannot create a second one ("already exists" is the proof).
 *
 *   VMI --domainOf--> Domain --buildCommand--> container command
 *       `-volumes, resources, placement-----> the rest of the pod
 */
import { createHash } from "node:crypto";
import type { Pod, PodSpec } from "../../../../api/core.ts";
import type { VirtConfiguration } from "../../../../api/kubevirt/configuration.ts";
import { podConditions } from "../../../../api/kubevirt/conditions.ts";
import { isForeign } from "../../../../api/kubevirt/architecture.ts";
import { annotations, emulationLabel, labels, launcherApp, processorLabels } from "../../../../api/kubevirt/names.ts";
import { virtualMachineInstances } from "../../../../api/kubevirt/resources.ts";
import { networksAnnotation } from "../../../../api/network-attachments.ts";
import type { VirtualMachineInstance, VirtualMachineInstanceSpec } from "../../../../api/kubevirt/types.ts";
import { buildCommand, buildEnvironment } from "../../../qemu/domain/arguments.ts";
import type { Domain } from "../../../qemu/domain/domain.ts";
import { launcherPaths } from "../../../qemu/domain/paths.ts";
import { controllerReference } from "../../../runtime/owner-references.ts";
import { attachedNetworks } from "./attached-networks.ts";
import type { AutoLimits } from "./auto-limits.ts";
import { type Accelerator, domainOf } from "./domain.ts";
import { containerImages } from "./container-images.ts";
import { computeContainer } from "./launcher.ts";
import { copyContainers } from "./copies.ts";
import { filesystemContainers, withMemoryTaken } from "./filesystems.ts";
import { launcherResources } from "./resources.ts";
import { roomFor } from "../room.ts";
import { launcherVolumes, type VolumeContext } from "./volumes.ts";
import { memoryOverheadBytes } from "./memory-overhead.ts";
import { podProbe } from "./pod-probe.ts";
import { podSecurity } from "./pod-security.ts";

export interface LauncherContext extends VolumeContext {
  launcherImage: string;
  accelerator: Accelerator;
  configuration: VirtConfiguration;
  autoLimits?: AutoLimits;
  /** What this launcher's QEMU is beyond what the spec says. */
  domain?: Partial<Pick<Domain, "incoming" | "machineVersion" | "cpu" | "memory">>;
}

export const defaultGracePeriodSeconds = 30;

const notCopied = ["kubectl.kubernetes.io/last-applied-configuration"];
const suffixLength = 5;
/** As Kubernetes' generated names: no vowels and nothing easily misread. */
const suffixAlphabet = "bcdfghjklmnpqrstvwxz2456789";

/** Of each container in the pod. */
const securityContext = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
  readOnlyRootFilesystem: true,
};

export function launcherPodName(vmi: VirtualMachineInstance): string {
  const digest = createHash("sha256")
    .update(vmi.metadata?.uid ?? "")
    .digest();
  return `virt-launcher-${vmi.metadata?.name}-${podNameSuffix(digest)}`;
}

export function podNameSuffix(digest: Buffer): string {
  return [...digest.subarray(0, suffixLength)].map((byte) => suffixAlphabet[byte % suffixAlphabet.length]).join("");
}

export function renderLauncherPod(vmi: VirtualMachineInstance, context: LauncherContext): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: launcherPodName(vmi),
      namespace: vmi.metadata?.namespace,
      labels: {
        ...vmi.metadata?.labels,
        [labels.app]: launcherApp,
        [labels.createdBy]: vmi.metadata?.uid ?? "",
        [labels.vmName]: vmi.metadata?.name ?? "",
      },
      annotations: podAnnotations(vmi, context),
      ownerReferences: [controllerReference(virtualMachineInstances, vmi)],
    },
    spec: podSpec(vmi, context),
  };
}

function podAnnotations(vmi: VirtualMachineInstance, { accelerator }: LauncherContext): Record<string, string> {
  const own = Object.entries(vmi.metadata?.annotations ?? {}).filter(([name]) => !notCopied.includes(name));
  const networks = attachedNetworks(vmi);
  return {
    ...Object.fromEntries(own),
    [annotations.domain]: vmi.metadata?.name ?? "",
    ...roomFor(vmi.spec),
    [annotations.memoryOverheadBytes]: String(memoryOverheadBytes(vmi.spec, accelerator)),
    "kubectl.kubernetes.io/default-container": computeContainer,
    ...(networks !== undefined && { [networksAnnotation]: networks }),
  };
}

function podSpec(vmi: VirtualMachineInstance, context: LauncherContext): PodSpec {
  const { spec } = vmi;
  const { volumes, volumeMounts, volumeDevices } = launcherVolumes(vmi, context);
  const resources = launcherResources(spec, context.accelerator, context.configuration, context.autoLimits);
  const domain = withMemoryTaken({ ...domainOf(vmi, context.accelerator), ...context.domain }, resources);
  const env = Object.entries(buildEnvironment(domain)).map(([name, value]) => ({ name, value }));
  const copies = context.imageVolumes
    ? []
    : copyContainers(spec, { launcherImage: context.launcherImage, resources, securityContext });
  return {
    ...placement(spec, context.accelerator),
    hostname: spec.hostname || podHostname(vmi),
    ...(spec.subdomain && { subdomain: spec.subdomain }),
    restartPolicy: "Never",
    readinessGates: [{ conditionType: podConditions.unpaused }],
    automountServiceAccountToken: accountOf(spec) !== undefined,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: spec.terminationGracePeriodSeconds ?? defaultGracePeriodSeconds,
    securityContext: podSecurity(context.configuration),
    ...pullSecrets(spec),
    volumes,
    ...(copies.length > 0 && { initContainers: copies }),
    containers: [
      {
        name: computeContainer,
        image: context.launcherImage,
        imagePullPolicy: "IfNotPresent",
        command: buildCommand(domain),
        ...(env.length > 0 && { env }),
        ...guestPorts(spec),
        resources,
        securityContext,
        lifecycle: { preStop: { exec: { command: [launcherPaths.stopGuest] } } },
        // What a QEMU that failed said is then in the pod's status, where `vmpod explain` finds it.
        terminationMessagePolicy: "FallbackToLogsOnError",
        volumeMounts,
        ...(volumeDevices.length > 0 && { volumeDevices }),
        ...(spec.readinessProbe && { readinessProbe: podProbe("readiness", spec.readinessProbe) }),
        ...(spec.livenessProbe && { livenessProbe: podProbe("liveness", spec.livenessProbe) }),
      },
      ...filesystemContainers(spec, { launcherImage: context.launcherImage, securityContext, compute: resources }),
    ],
  };
}

function placement(spec: VirtualMachineInstanceSpec, accelerator: Accelerator): Partial<PodSpec> {
  const fields = {
    nodeSelector: nodeSelector(spec, accelerator),
    affinity: spec.affinity,
    tolerations: spec.tolerations,
    topologySpreadConstraints: spec.topologySpreadConstraints,
    priorityClassName: spec.priorityClassName,
    schedulerName: spec.schedulerName,
    serviceAccountName: spec.serviceAccountName ?? accountOf(spec),
    dnsPolicy: spec.dnsPolicy,
    dnsConfig: spec.dnsConfig,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== ""));
}

/**
 * A node whose agent takes machines; with KVM also one whose processor has what is asked for. TCG has the same everywhere, but a guest of
 * another architecture needs a node that says that it emulates that one.
 */
function nodeSelector(spec: VirtualMachineInstanceSpec, accelerator: Accelerator): PodSpec["nodeSelector"] {
  const { nodeSelector, domain, architecture } = spec;
  const { model, features = [] } = domain.cpu ?? {};
  const isNamed = model !== undefined && model !== "" && model !== "host-model" && model !== "host-passthrough";
  const required = features.filter(({ policy = "require" }) => policy === "require" || policy === "");
  const processor = [
    ...(isNamed ? [`${processorLabels.model}/${model}`] : []),
    ...required.map(({ name }) => `${processorLabels.feature}/${name}`),
  ];
  return {
    ...nodeSelector,
    [labels.schedulable]: "true",
    ...(isForeign(spec) && { [`${emulationLabel}/${architecture}`]: "true" }),
    ...(domain.cpu?.dedicatedCpuPlacement && { [labels.cpuManager]: "true" }),
    ...(accelerator === "kvm" && Object.fromEntries(processor.map((label) => [label, "true"]))),
  };
}

/** Whose token is shown to the guest. */
function accountOf({ volumes = [] }: VirtualMachineInstanceSpec): string | undefined {
  return volumes.find(({ serviceAccount }) => serviceAccount)?.serviceAccount?.serviceAccountName;
}

/** A name with dots, or too long, is no host name; the guest's own is set by its cloud-init. */
function podHostname(vmi: VirtualMachineInstance): string {
  return (vmi.metadata?.name ?? "").replaceAll(".", "-").slice(0, 63).replace(/-+$/, "");
}

function pullSecrets(spec: VirtualMachineInstanceSpec): Pick<PodSpec, "imagePullSecrets"> {
  const names = containerImages(spec).flatMap(({ imagePullSecret }) => imagePullSecret || []);
  return names.length === 0 ? {} : { imagePullSecrets: [...new Set(names)].map((name) => ({ name })) };
}

/** By their names Services and NetworkPolicies find them, as those of any container. */
function guestPorts({ domain }: VirtualMachineInstanceSpec): Pick<PodSpec["containers"][number], "ports"> {
  const ports = (domain.devices.interfaces ?? []).flatMap((nic) => nic.ports ?? []);
  if (ports.length === 0) return {};
  return {
    ports: ports.map(({ name, port, protocol }) => ({
      ...(name && { name }),
      containerPort: port,
      protocol: protocol === "UDP" ? "UDP" : "TCP",
    })),
  };
}
