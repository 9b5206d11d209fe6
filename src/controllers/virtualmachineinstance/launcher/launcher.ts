/**
 * What the controllers keep of a launcher pod in memory, as they read it: of thousands of pods most is the same, long and never looked at.
 * The type holds whoever wants to read more to keep it here. Pure.
 */
import type { Container, PodSpec, PodStatus } from "../../../../api/core.ts";
import { annotations, labels } from "../../../../api/kubevirt/names.ts";
import { networksAnnotation } from "../../../../api/network-attachments.ts";
import type { KubeObject, ObjectMeta } from "../../../../api/meta.ts";

export interface LauncherPod extends KubeObject {
  metadata?: LauncherMeta;
  spec?: LauncherSpec;
  status?: LauncherStatus;
}

type LauncherMeta = Pick<ObjectMeta, (typeof metaFields)[number]>;
type LauncherSpec = Pick<PodSpec, "nodeName" | "readinessGates"> & {
  /** Those of claims. */
  volumes?: LauncherVolume[];
  containers: LauncherContainer[];
  initContainers?: LauncherInitContainer[];
};
type LauncherContainer = Pick<Container, "name" | "image"> & { resources?: LauncherResources };
export type LauncherResources = Pick<NonNullable<Container["resources"]>, "requests" | "limits">;
type LauncherVolume = Pick<NonNullable<PodSpec["volumes"]>[number], "name" | "persistentVolumeClaim">;
/** Its mounts tell which disk it copies. */
type LauncherInitContainer = Pick<Container, "name" | "image" | "volumeMounts">;
type LauncherStatus = Pick<PodStatus, (typeof statusFields)[number]>;

/** QEMU's, among those that others may have put into its pod. */
export const computeContainer = "compute";

const metaFields = [
  "name",
  "namespace",
  "uid",
  "resourceVersion",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "labels",
  "annotations",
] as const;

const statusFields = [
  "phase",
  "reason",
  "qosClass",
  "conditions",
  "containerStatuses",
  "initContainerStatuses",
] as const;

const ownAnnotations: readonly string[] = [annotations.roomForSockets, annotations.roomForMemory, networksAnnotation];

/** Whose pod it is. */
const ownLabels: readonly string[] = [labels.createdBy, labels.vmName];

export function launcherPodOf({ metadata, spec, status }: LauncherPod): LauncherPod {
  return {
    metadata: metadata && {
      ...pick(metadata, metaFields),
      labels: pick(metadata.labels ?? {}, ownLabels),
      annotations: pick(metadata.annotations ?? {}, ownAnnotations),
    },
    spec: spec && launcherSpec(spec),
    status: status && pick(status, statusFields),
  };
}

function launcherSpec({ nodeName, readinessGates, volumes, containers, initContainers }: LauncherSpec): LauncherSpec {
  const claims = volumes?.filter((volume) => volume.persistentVolumeClaim) ?? [];
  return {
    ...(nodeName && { nodeName }),
    ...(claims.length > 0 && { volumes: claims.map((volume) => pick(volume, ["name", "persistentVolumeClaim"])) }),
    ...(readinessGates && { readinessGates }),
    containers: containers.map((container) => pick(container, ["name", "image", "resources"])),
    ...(initContainers && {
      initContainers: initContainers.map((container) => pick(container, ["name", "image", "volumeMounts"])),
    }),
  };
}

function pick<T extends object, K extends keyof T>(object: T, fields: readonly K[]): Pick<T, K> {
  const present = fields.filter((field) => object[field] !== undefined);
  return Object.fromEntries(present.map((field) => [field, object[field]])) as Pick<T, K>;
}
