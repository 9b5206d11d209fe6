/** A container of a pod as the runtime's. Pure: environment and volumes were resolved before. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Container, Pod } from "../../../api/core.ts";
import {
  type ContainerConfigSchema,
  type DeviceSchema,
  MountPropagation,
  type MountSchema,
} from "../../cri/gen/runtime/v1/api.gen.ts";
import type { DeviceResource } from "../options.ts";
import type { Placement } from "../cpus/cpu-manager.ts";
import { containerAnnotations, containerLabels, exclusiveCpusAnnotation } from "../pods/labels.ts";
import { containerLogName } from "../pods/paths.ts";
import { expand } from "./expand.ts";
import { linuxResources } from "./resources.ts";
import { containerSecurity, type ImageUser } from "./security.ts";

export type ContainerConfig = MessageInitShape<typeof ContainerConfigSchema>;
export type Mount = MessageInitShape<typeof MountSchema>;
type Device = MessageInitShape<typeof DeviceSchema>;

export interface ContainerInput {
  pod: Pod;
  container: Container;
  attempt: number;
  backoffLevel: number;
  /** Reference of the image as the runtime knows it. */
  imageId: string;
  imageUser: ImageUser;
  env: ReadonlyMap<string, string>;
  mounts: Mount[];
  /** Block volumes. */
  blockDevices: Device[];
  devices: DeviceResource[];
  nodeMemoryBytes: number;
  seccompDir: string;
}

export function containerConfig(input: ContainerInput, placement?: Placement): ContainerConfig {
  const { pod, container, attempt, env } = input;
  const lookup = (name: string): string | undefined => env.get(name);
  return {
    metadata: { name: container.name, attempt },
    image: { image: input.imageId, userSpecifiedImage: container.image ?? "" },
    command: (container.command ?? []).map((word) => expand(word, lookup)),
    args: (container.args ?? []).map((word) => expand(word, lookup)),
    workingDir: container.workingDir ?? "",
    envs: [...env].map(([key, value]) => ({ key, value: Buffer.from(value) })),
    mounts: input.mounts,
    devices: [...devicesOf(container, input.devices), ...input.blockDevices],
    labels: containerLabels(pod, container),
    annotations: {
      ...containerAnnotations(pod, container, input.backoffLevel),
      ...(placement?.isExclusive && { [exclusiveCpusAnnotation]: placement.cpus }),
    },
    logPath: containerLogName(container.name, attempt),
    stdin: container.stdin ?? false,
    stdinOnce: container.stdinOnce ?? false,
    tty: container.tty ?? false,
    linux: {
      resources: onCpus(linuxResources(pod, container, input.nodeMemoryBytes), placement),
      securityContext: containerSecurity({
        pod,
        container,
        image: input.imageUser,
        seccompDir: input.seccompDir,
      }),
    },
  };
}

/** On processors that are nobody else's it is stopped for none: it cannot have more of them than it may. */
function onCpus(resources: Resources, placement: Placement): Resources {
  if (placement === undefined) return resources;
  return { ...resources, cpusetCpus: placement.cpus, ...(placement.isExclusive && { cpuQuota: 0n }) };
}

type Resources = ReturnType<typeof linuxResources>;

/** Devices that the container asks for as resources. */
function devicesOf(container: Container, known: DeviceResource[]): Device[] {
  const { limits, requests } = container.resources ?? {};
  const asked = known.filter(({ name }) => Number(limits?.[name] ?? requests?.[name] ?? 0) > 0);
  return asked.flatMap(({ paths }) =>
    paths.map((path) => ({ hostPath: path, containerPath: path, permissions: "rwm" })),
  );
}

const propagations: Record<string, MountPropagation> = {
  None: MountPropagation.PROPAGATION_PRIVATE,
  HostToContainer: MountPropagation.PROPAGATION_HOST_TO_CONTAINER,
  Bidirectional: MountPropagation.PROPAGATION_BIDIRECTIONAL,
};

export function propagationOf(written: string | undefined): MountPropagation {
  return propagations[written ?? "None"] ?? MountPropagation.PROPAGATION_PRIVATE;
}
