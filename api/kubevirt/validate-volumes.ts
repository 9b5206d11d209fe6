/** Rules about `volumes`: each has a name and exactly one source, and the source is complete. */
import { isQuantity, quantityToNumber } from "../../src/base/quantity.ts";
import { duplicate, invalid, isDnsLabel, oneOf, required, type StatusCause, setFields, unique } from "./causes.ts";
import { validateCloudInit } from "./validate-cloud-init.ts";
import type { VirtualMachineInstanceSpec, Volume } from "./types.ts";

export const volumeSources = [
  "cloudInitConfigDrive",
  "cloudInitNoCloud",
  "configMap",
  "containerDisk",
  "containerPath",
  "dataVolume",
  "downwardAPI",
  "downwardMetrics",
  "emptyDisk",
  "ephemeral",
  "hostDisk",
  "memoryDump",
  "persistentVolumeClaim",
  "secret",
  "serviceAccount",
  "sysprep",
] as const;

const singletons = ["serviceAccount", "downwardMetrics", "memoryDump"] as const;

export function validateVolumes(spec: VirtualMachineInstanceSpec, path: string): StatusCause[] {
  const volumes = spec.volumes ?? [];
  const field = `${path}.volumes`;
  return [
    ...volumes.flatMap((volume, index) => validateVolume(volume, `${field}[${index}]`)),
    ...unique(
      volumes,
      (volume) => volume.name,
      (index) => `${field}[${index}].name`,
      "each volume needs its own name",
    ),
    ...singletons.flatMap((source) => atMostOne(volumes, source, field)),
  ];
}

function validateVolume(volume: Volume, field: string): StatusCause[] {
  return [...validateName(volume, field), ...validateSourceCount(volume, field), ...validateSource(volume, field)];
}

/** The launcher pod has volumes of its own beside those that show an image or a claim. */
const podVolumes = ["run", "disks"];

function validateName(volume: Volume, field: string): StatusCause[] {
  if (podVolumes.includes(volume.name) && (volume.containerDisk || volume.persistentVolumeClaim)) {
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
    ...(source.path ? [] : [required(`${field}.path`, "the path of the image file on the node")]),
    ...(source.type ? [] : [required(`${field}.type`, "Disk or DiskOrCreate")]),
    ...oneOf(`${field}.type`, source.type, ["Disk", "DiskOrCreate"]),
    ...(source.type === "DiskOrCreate" && !source.capacity
      ? [required(`${field}.capacity`, "DiskOrCreate needs the size to create")]
      : []),
    ...(source.type === "Disk" && source.capacity
      ? [invalid(`${field}.capacity`, source.capacity, "is allowed with type DiskOrCreate only")]
      : []),
  ];
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
