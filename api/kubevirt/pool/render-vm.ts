/** The machine of one number in a VirtualMachinePool. Pure. */
import { createHash } from "node:crypto";
import { labels } from "../names.ts";
import type { VirtualMachinePool } from "../resources.ts";
import { canonicalJson } from "../same-json.ts";
import type { VirtualMachine, VirtualMachineSpec, Volume } from "../types.ts";
import type { OwnerReference } from "../../meta.ts";

export function renderVm(pool: VirtualMachinePool, ordinal: number, owner: OwnerReference): VirtualMachine {
  const { metadata, spec } = pool.spec.virtualMachineTemplate;
  return {
    apiVersion: "kubevirt.io/v1",
    kind: "VirtualMachine",
    metadata: {
      name: vmName(pool, ordinal),
      namespace: pool.metadata?.namespace,
      labels: { ...metadata?.labels, [labels.poolRevision]: revisionOf(pool) },
      annotations: { ...metadata?.annotations },
      ownerReferences: [owner],
    },
    spec: withRevision(numbered(spec, ordinal, pool.spec.nameGeneration), revisionOf(pool)),
  };
}

export function vmName(pool: VirtualMachinePool, ordinal: number): string {
  return `${pool.metadata?.name}-${ordinal}`;
}

/** @returns undefined for a name that this pool would not give */
export function ordinalIn(pool: VirtualMachinePool, name: string | undefined): number | undefined {
  const prefix = `${pool.metadata?.name}-`;
  if (!name?.startsWith(prefix)) return undefined;
  const digits = name.slice(prefix.length);
  return /^(0|[1-9]\d*)$/.test(digits) ? Number(digits) : undefined;
}

const longestName = 46;

/** Tells of which template a machine was made; also a label's value. */
export function revisionOf({ metadata, spec }: VirtualMachinePool): string {
  const { virtualMachineTemplate, nameGeneration } = spec;
  const text = canonicalJson({ virtualMachineTemplate, nameGeneration }) ?? "";
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 16);
  return `${metadata?.name?.slice(0, longestName)}-${hash}`;
}

/** On the instance, too: it may be older than its machine. */
function withRevision(spec: VirtualMachineSpec, revision: string): VirtualMachineSpec {
  const { metadata } = spec.template;
  const marked = { ...metadata, labels: { ...metadata?.labels, [labels.poolRevision]: revision } };
  return { ...spec, template: { ...spec.template, metadata: marked } };
}

type NameGeneration = VirtualMachinePool["spec"]["nameGeneration"];

/** What is made for a machine has its number; what it only reads has it where the pool says so. */
function numbered(spec: VirtualMachineSpec, ordinal: number, generation: NameGeneration): VirtualMachineSpec {
  const copy = structuredClone(spec);
  const own = new Set((copy.dataVolumeTemplates ?? []).map(({ metadata }) => metadata?.name));
  for (const { metadata } of copy.dataVolumeTemplates ?? []) number(metadata, "name", ordinal);
  for (const volume of copy.template.spec.volumes ?? []) {
    if (own.has(volume.dataVolume?.name)) number(volume.dataVolume, "name", ordinal);
    if (own.has(volume.persistentVolumeClaim?.claimName)) number(volume.persistentVolumeClaim, "claimName", ordinal);
    if (generation?.appendIndexToConfigMapRefs) numberConfigMaps(volume, ordinal);
    if (generation?.appendIndexToSecretRefs) numberSecrets(volume, ordinal);
  }
  return copy;
}

function numberConfigMaps({ configMap, sysprep }: Volume, ordinal: number): void {
  for (const reference of [configMap, sysprep?.configMap]) number(reference, "name", ordinal);
}

function numberSecrets({ secret, sysprep, cloudInitNoCloud, cloudInitConfigDrive }: Volume, ordinal: number): void {
  number(secret, "secretName", ordinal);
  number(sysprep?.secret, "name", ordinal);
  for (const source of [cloudInitNoCloud, cloudInitConfigDrive]) {
    number(source?.secretRef, "name", ordinal);
    number(source?.networkDataSecretRef, "name", ordinal);
  }
}

function number<K extends string>(holder: { [key in K]?: string } | undefined, key: K, ordinal: number): void {
  if (holder?.[key]) holder[key] = `${holder[key]}-${ordinal}`;
}
