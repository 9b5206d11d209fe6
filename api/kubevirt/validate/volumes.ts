/** Rules about `volumes`: each has a name and exactly one source, and the source is complete. */
import { isQuantity, quantityToNumber } from "../../../src/base/quantity.ts";
import { duplicate, invalid, isDnsLabel, oneOf, required, type StatusCause, setFields, unique } from "./causes.ts";
import { validateCloudInit } from "./cloud-init.ts";
import { isFilesystem } from "../filesystems.ts";
import type { VirtualMachineInstanceSpec, Volume } from "../types.ts";
import { volumeSources } from "../volume-sources.ts";

const singletons = ["serviceAccount", "downwardMetrics", "memoryDump"] as const;

export function validateVolumes(spec: VirtualMachineInstanceSpec, path: string): StatusCause[] {
  const volumes = spec.volumes ?? [];
  const field = `${path}.volumes`;
  return [
    ...volumes.flatMap((volume, index) => validateVolume(spec, volume, `${field}[${index}]`)),
    ...unique(
      volumes,
      (volume) => volume.name,
      (index) => `${field}[${index}].name`,
      "each volume needs its own name",
    ),
    ...validateServiceAccount(spec, field),
    ...singletons.flatMap((source) => atMostOne(volumes, source, field)),
  ];
}

/** A pod runs as one ServiceAccount, and its token is that one's. */
function validateServiceAccount(
  { serviceAccountName, volumes = [] }: VirtualMachineInstanceSpec,
  field: string,
): StatusCause[] {
  return volumes.flatMap(({ serviceAccount }, index) => {
    const name = serviceAccount?.serviceAccountName;
    if (!serviceAccountName || !name || name === serviceAccountName) return [];
    const at = `${field}[${index}].serviceAccount.serviceAccountName`;
    return [invalid(at, name, `must be the machine's own, "${serviceAccountName}"`)];
  });
}

function validateVolume(spec: VirtualMachineInstanceSpec, volume: Volume, field: string): StatusCause[] {
  return [
    ...validateName(spec, volume, field),
    ...validateSourceCount(volume, field),
    ...validateSource(volume, field),
  ];
}

/** The launcher pod has volumes of its own beside those that show an image, a claim or a file system. */
const podVolumes = ["run", "disks"];
const shownByPod = ["containerDisk", "persistentVolumeClaim", "ephemeral", "hostDisk", "downwardAPI"] as const;

function validateName(spec: VirtualMachineInstanceSpec, volume: Volume, field: string): StatusCause[] {
  const isShown = setFields(volume, shownByPod).length > 0 || isFilesystem(spec, volume);
  if (podVolumes.includes(volume.name) && isShown) {
    return [invalid(`${field}.name`, volume.name, "is reserved for the launcher pod: choose another name")];
  }
  if (!volume.name) return [required(`${field}.name`, "a volume needs a name, which its disk repeats")];
  if (isDnsLabel(volume.name)) return [];
  const rule = "a volume name is a DNS label: at most 63 of a-z, 0-9 and '-', with a letter or digit first and last";
  return [invalid(`${field}.name`, volume.name, rule)];
}

function validateSourceCount(volume: Volume, field: string): StatusCause[] {
  const sources = setFields(volume, volumeSources);
  if (sources.length === 1) return [];
  if (sources.length === 0) {
    return [
      required(
        field,
        `volume "${volume.name}" needs exactly one source, e.g. containerDisk, emptyDisk or cloudInitNoCloud`,
      ),
    ];
  }
  return [invalid(field, sources, `volume "${volume.name}" must have exactly one source: keep one of them`)];
}

function validateSource(volume: Volume, field: string): StatusCause[] {
  return [
    ...requireText(
      volume.persistentVolumeClaim?.claimName,
      volume.persistentVolumeClaim,
      `${field}.persistentVolumeClaim.claimName`,
      "the name of the claim",
    ),
    ...requireText(
      volume.dataVolume?.name,
      volume.dataVolume,
      `${field}.dataVolume.name`,
      "the name of the DataVolume",
    ),
    ...requireText(volume.configMap?.name, volume.configMap, `${field}.configMap.name`, "the name of the ConfigMap"),
    ...requireText(volume.secret?.secretName, volume.secret, `${field}.secret.secretName`, "the name of the Secret"),
    ...requireText(
      volume.serviceAccount?.serviceAccountName,
      volume.serviceAccount,
      `${field}.serviceAccount.serviceAccountName`,
      "the name of the ServiceAccount",
    ),
    ...requireText(
      volume.ephemeral?.persistentVolumeClaim?.claimName,
      volume.ephemeral,
      `${field}.ephemeral.persistentVolumeClaim.claimName`,
      "the name of the claim that stays as it is",
    ),
    ...validateSysprep(volume, `${field}.sysprep`),
    ...validateDownwardApi(volume, `${field}.downwardAPI.fields`),
    ...validateContainerDisk(volume, `${field}.containerDisk`),
    ...validateEmptyDisk(volume, `${field}.emptyDisk`),
    ...validateHostDisk(volume, `${field}.hostDisk`),
    ...validateCloudInit(volume, field),
  ];
}

function requireText(text: string | undefined, source: object | undefined, field: string, what: string): StatusCause[] {
  return source !== undefined && !text ? [required(field, what)] : [];
}

function validateContainerDisk(volume: Volume, field: string): StatusCause[] {
  const source = volume.containerDisk;
  if (source === undefined) return [];
  if (!source.image) return [required(`${field}.image`, "the OCI image that holds the disk in /disk/")];
  const path = source.path;
  if (path && (!path.startsWith("/") || path.split("/").includes(".."))) {
    return [invalid(`${field}.path`, path, "the path of the disk inside the image is absolute and has no '..'")];
  }
  return [];
}

function validateEmptyDisk(volume: Volume, field: string): StatusCause[] {
  const source = volume.emptyDisk;
  if (source === undefined) return [];
  if (!source.capacity) return [required(`${field}.capacity`, "the size of the disk, e.g. 2Gi")];
  return validateCapacity(source.capacity, `${field}.capacity`);
}

function validateHostDisk(volume: Volume, field: string): StatusCause[] {
  const source = volume.hostDisk;
  if (source === undefined) return [];
  return [
    ...validateHostPath(source.path, `${field}.path`),
    ...(source.type ? [] : [required(`${field}.type`, "Disk or DiskOrCreate")]),
    ...oneOf(`${field}.type`, source.type, ["Disk", "DiskOrCreate"]),
    ...(source.type === "DiskOrCreate" && !source.capacity
      ? [required(`${field}.capacity`, "DiskOrCreate needs the size to create")]
      : []),
    ...(source.type === "Disk" && source.capacity
      ? [invalid(`${field}.capacity`, source.capacity, "is allowed with type DiskOrCreate only")]
      : []),
    ...(source.capacity ? validateCapacity(source.capacity, `${field}.capacity`) : []),
  ];
}

/** The pod gets the directory that it is in. */
function validateHostPath(path: string | undefined, field: string): StatusCause[] {
  if (!path) return [required(field, "the path of the image file on the node")];
  const names = path.split("/").filter(Boolean);
  if (path.startsWith("/") && !path.endsWith("/") && names.length > 1 && !names.includes("..")) return [];
  return [
    invalid(field, path, "is an absolute path of a file in a directory, without '..': write e.g. /data/disk.img"),
  ];
}

function validateSysprep({ sysprep }: Volume, field: string): StatusCause[] {
  if (sysprep === undefined) return [];
  const given = setFields(sysprep, ["configMap", "secret"]);
  if (given.length > 1) return [invalid(field, given, "keep one of configMap and secret")];
  if (sysprep.configMap?.name || sysprep.secret?.name) return [];
  return [required(`${field}.${given[0] ?? "configMap"}.name`, "what holds the answer file of Windows' setup")];
}

function validateDownwardApi({ downwardAPI }: Volume, field: string): StatusCause[] {
  return (downwardAPI?.fields ?? []).flatMap(({ path, fieldRef, resourceFieldRef }, index) => [
    ...(path && !path.startsWith("/") && !path.split("/").includes("..")
      ? []
      : [invalid(`${field}[${index}].path`, path, "is a relative path without '..'")]),
    ...(Boolean(fieldRef) === Boolean(resourceFieldRef)
      ? [required(`${field}[${index}].fieldRef`, "one of fieldRef and resourceFieldRef")]
      : []),
  ]);
}

function validateCapacity(capacity: string, field: string): StatusCause[] {
  if (!isQuantity(capacity)) return [invalid(field, capacity, "is not a quantity: write e.g. 512Mi or 2Gi")];
  return quantityToNumber(capacity) > 0 ? [] : [invalid(field, capacity, "must be greater than 0")];
}

function atMostOne(volumes: readonly Volume[], source: (typeof singletons)[number], field: string): StatusCause[] {
  const indexes = volumes.flatMap((volume, index) => (volume[source] === undefined ? [] : [index]));
  return indexes
    .slice(1)
    .map((index) =>
      duplicate(`${field}[${index}].${source}`, volumes[index]?.name, `at most one volume may be of type ${source}`),
    );
}
