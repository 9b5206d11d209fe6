/**
 * The Secrets and ConfigMaps that a machine's volumes and keys refer to, as volumes of its launcher. The node agent makes media of
 * them, but gets them from the kubelet, which may read what pods of its node name: so no agent needs the right to read every Secret.
 * Pure.
 */
import type { Container, PodSpec } from "../../../../api/core.ts";
import { isFilesystem } from "../../../../api/kubevirt/filesystems.ts";
import type { VirtualMachineInstanceSpec, Volume } from "../../../../api/kubevirt/types.ts";
import { launcherPaths } from "../../../qemu/domain/paths.ts";

interface Reference {
  kind: "secret" | "configMap";
  name: string;
  /** It need not be there. */
  optional: boolean;
}

export interface ReferenceVolumes {
  volumes: NonNullable<PodSpec["volumes"]>;
  volumeMounts: NonNullable<Container["volumeMounts"]>;
}

export function referenceVolumes(spec: VirtualMachineInstanceSpec): ReferenceVolumes {
  const taken = new Set((spec.volumes ?? []).map(({ name }) => name));
  const named = referencesOf(spec).map((reference, index) => ({ reference, name: freeName(`config-${index}`, taken) }));
  return {
    volumes: named.map(({ name, reference }) => ({ name, ...sourceOf(reference) })),
    volumeMounts: named.map(({ name, reference }) => ({ name, mountPath: pathOf(reference), readOnly: true })),
  };
}

/** Each once; one that any of the places needs is needed. What the guest mounts is not QEMU's to see, but for tables of its firmware. */
function referencesOf(spec: VirtualMachineInstanceSpec): Reference[] {
  const distinct = new Map<string, Reference>();
  const { slicNameRef, msdmNameRef } = spec.domain.firmware?.acpi ?? {};
  const volumes = (spec.volumes ?? []).filter(
    (volume) => !isFilesystem(spec, volume) || [slicNameRef, msdmNameRef].includes(volume.name),
  );
  for (const reference of [...volumes.flatMap(ofVolume), ...keySecrets(spec)]) {
    const key = `${reference.kind}/${reference.name}`;
    const optional = reference.optional && (distinct.get(key)?.optional ?? true);
    distinct.set(key, { ...reference, optional });
  }
  return [...distinct.values()];
}

function ofVolume({ configMap, secret, sysprep, cloudInitNoCloud, cloudInitConfigDrive }: Volume): Reference[] {
  const cloudInit = cloudInitNoCloud ?? cloudInitConfigDrive;
  return [
    ...reference("configMap", configMap?.name, configMap?.optional),
    ...reference("secret", secret?.secretName, secret?.optional),
    ...reference("configMap", sysprep?.configMap?.name),
    ...reference("secret", sysprep?.secret?.name),
    ...reference("secret", cloudInit?.secretRef?.name),
    ...reference("secret", cloudInit?.networkDataSecretRef?.name),
  ];
}

/** Keys that come to the guest by its cloud-init medium, keys and passwords that its agent is given. */
function keySecrets(spec: VirtualMachineInstanceSpec): Reference[] {
  return (spec.accessCredentials ?? []).flatMap(({ sshPublicKey, userPassword }) =>
    reference("secret", (sshPublicKey ?? userPassword)?.source.secret?.secretName),
  );
}

function reference(kind: Reference["kind"], name: string | undefined, optional = false): Reference[] {
  return name ? [{ kind, name, optional }] : [];
}

function sourceOf({ kind, name, optional }: Reference) {
  const flag = optional ? { optional } : {};
  return kind === "secret" ? { secret: { secretName: name, ...flag } } : { configMap: { name, ...flag } };
}

/** Names are DNS names: each is one step of a path. */
function pathOf({ kind, name }: Reference): string {
  return `${kind === "secret" ? launcherPaths.secrets : launcherPaths.configMaps}/${name}`;
}

/** One that no volume of the machine has. */
export function freeName(wanted: string, taken: ReadonlySet<string>): string {
  return taken.has(wanted) ? freeName(`${wanted}-x`, taken) : wanted;
}
