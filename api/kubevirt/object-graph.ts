/**
 * What a machine depends on, as a tree: who saves it or moves it to another cluster takes these along. Pure.
 *
 *   VirtualMachine ─┬─ ControllerRevisions of instance type and preference
 *                   ├─ VirtualMachineInstance ── launcher pod        optional: they are made anew
 *                   └─ volumes, credentials, networks
 */
import type { LabelSelector } from "../meta.ts";
import type { AccessCredential, Network, VirtualMachine, VirtualMachineInstance, Volume } from "./types.ts";

export interface GraphNode {
  objectReference: { apiGroup: string; kind: string; name: string; namespace?: string };
  labels: Record<string, string>;
  optional: boolean;
  children?: GraphNode[];
}

export interface GraphOptions {
  includeOptionalNodes?: boolean;
  labelSelector?: LabelSelector;
}

/** By it nodes can be selected. */
export const dependencyLabel = "kubevirt.io/dependency-type";
type Dependency = "compute" | "storage" | "config" | "network";

type Spec = VirtualMachineInstance["spec"];

export function graphOfMachine(
  vm: VirtualMachine,
  vmi: VirtualMachineInstance | undefined,
  launchers: readonly string[],
): GraphNode {
  const { metadata, spec, status } = vm;
  const revisions = [status?.instancetypeRef, status?.preferenceRef].flatMap(
    (ref) => ref?.controllerRevisionRef?.name ?? [],
  );
  return node("compute", "kubevirt.io", "VirtualMachine", metadata?.name, metadata?.namespace, {
    children: [
      ...revisions.map((name) => node("config", "apps", "ControllerRevision", name, metadata?.namespace)),
      ...(vmi ? [{ ...instanceNode(vmi, launchers), optional: true }] : []),
      ...dependenciesOf(spec.template.spec, metadata?.namespace),
    ],
  });
}

export function graphOfInstance(vmi: VirtualMachineInstance, launchers: readonly string[]): GraphNode {
  const { children = [], ...root } = instanceNode(vmi, launchers);
  return { ...root, children: [...children, ...dependenciesOf(vmi.spec, vmi.metadata?.namespace)] };
}

function instanceNode({ metadata }: VirtualMachineInstance, launchers: readonly string[]): GraphNode {
  const pods = launchers.map((name) => node("compute", "", "Pod", name, metadata?.namespace, { optional: true }));
  return node("compute", "kubevirt.io", "VirtualMachineInstance", metadata?.name, metadata?.namespace, {
    children: pods,
  });
}

/** Each once, however often it is named. */
function dependenciesOf({ volumes, accessCredentials, networks }: Spec, namespace: string | undefined): GraphNode[] {
  const nodes = [
    ...(volumes ?? []).flatMap((volume) => volumeNodes(volume, namespace)),
    ...(accessCredentials ?? []).flatMap((credential) => credentialNodes(credential, namespace)),
    ...(networks ?? []).flatMap((network) => networkNodes(network, namespace)),
  ];
  return [...new Map(nodes.map((each) => [JSON.stringify(each.objectReference), each])).values()];
}

function volumeNodes(volume: Volume, namespace: string | undefined): GraphNode[] {
  const { configMap, secret, serviceAccount, sysprep, cloudInitNoCloud, cloudInitConfigDrive } = volume;
  const claim = (name: string | undefined) => node("storage", "", "PersistentVolumeClaim", name, namespace);
  const secrets = [
    sysprep?.secret,
    ...[cloudInitNoCloud, cloudInitConfigDrive].flatMap((source) => [source?.secretRef, source?.networkDataSecretRef]),
  ];
  const claims = [volume.persistentVolumeClaim, volume.ephemeral?.persistentVolumeClaim, volume.memoryDump];
  const dataVolume = volume.dataVolume?.name;
  return [
    ...(dataVolume
      ? [node("storage", "cdi.kubevirt.io", "DataVolume", dataVolume, namespace, { children: [claim(dataVolume)] })]
      : []),
    ...claims.flatMap((each) => (each?.claimName ? [claim(each.claimName)] : [])),
    ...named("ConfigMap", configMap?.name, namespace, configMap?.optional),
    ...named("ConfigMap", sysprep?.configMap?.name, namespace),
    ...named("Secret", secret?.secretName, namespace, secret?.optional),
    ...secrets.flatMap((each) => named("Secret", each?.name, namespace)),
    ...named("ServiceAccount", serviceAccount?.serviceAccountName, namespace),
  ];
}

function credentialNodes({ sshPublicKey, userPassword }: AccessCredential, namespace: string | undefined): GraphNode[] {
  return [sshPublicKey, userPassword].flatMap((each) => named("Secret", each?.source.secret?.secretName, namespace));
}

/** `NAME`, or `NAMESPACE/NAME`. */
function networkNodes({ multus }: Network, namespace: string | undefined): GraphNode[] {
  const [name, other] = (multus?.networkName ?? "").split("/").toReversed();
  return name ? [node("network", "k8s.cni.cncf.io", "NetworkAttachmentDefinition", name, other ?? namespace)] : [];
}

function named(kind: string, name: string | undefined, namespace: string | undefined, optional = false): GraphNode[] {
  return name ? [node("config", "", kind, name, namespace, { optional })] : [];
}

function node(
  dependency: Dependency,
  apiGroup: string,
  kind: string,
  name = "",
  namespace?: string,
  more: { optional?: boolean; children?: GraphNode[] } = {},
): GraphNode {
  const objectReference = { apiGroup, kind, name, ...(namespace && { namespace }) };
  const { optional = false, children = [] } = more;
  return {
    objectReference,
    labels: { [dependencyLabel]: dependency },
    optional,
    ...(children.length > 0 && { children }),
  };
}

/** What is left of a tree; its root always is, and what leads to something that is left. */
export function pruned(root: GraphNode, isWanted: (node: GraphNode) => boolean): GraphNode {
  const { children = [], ...rest } = root;
  const left = children
    .map((child) => ({ child: pruned(child, isWanted), wanted: isWanted(child) }))
    .filter(({ child, wanted }) => wanted || child.children !== undefined)
    .map(({ child }) => child);
  return left.length > 0 ? { ...rest, children: left } : rest;
}
