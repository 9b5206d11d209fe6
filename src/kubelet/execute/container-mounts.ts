/** What is mounted into a container: its volumes, /etc/hosts and the termination message file. */
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Container, Pod, VolumeMount } from "../../../api/core.ts";
import { TerminalError } from "../../base/errors.ts";
import { type ContainerInput, type Mount, propagationOf } from "../config/container.ts";
import { expand } from "../config/expand.ts";
import type { PodFacts } from "../config/field-ref.ts";
import { renderHosts } from "../config/hosts.ts";
import type { KubeletContext } from "../context.ts";
import { readTextIfThere } from "../../base/files.ts";
import type { MountedVolume, MutablePodMemory } from "../pods/memory.ts";
import { hostsFile, podId, terminationLog } from "../pods/paths.ts";
import { resolveSubPath } from "../volumes/sub-path.ts";

export interface MountInput {
  pod: Pod;
  container: Container;
  attempt: number;
  env: ReadonlyMap<string, string>;
  facts: PodFacts;
  memory: MutablePodMemory;
}

export async function containerMounts(
  context: KubeletContext,
  input: MountInput,
): Promise<Pick<ContainerInput, "mounts" | "blockDevices">> {
  const volumes = await Promise.all((input.container.volumeMounts ?? []).map((mount) => volumeMount(input, mount)));
  const taken = new Set(volumes.map((mount) => mount.containerPath));
  const managed = [await hostsMount(context, input), await terminationMount(context, input)];
  return {
    mounts: [...volumes, ...managed.filter((mount) => !taken.has(mount.containerPath))],
    blockDevices: (input.container.volumeDevices ?? []).map(({ name, devicePath }) => ({
      hostPath: volumeOf(input, name).hostPath,
      containerPath: devicePath,
      permissions: "rwm",
    })),
  };
}

function volumeOf(input: MountInput, name: string): MountedVolume {
  const volume = input.memory.volumes.get(name);
  if (volume === undefined) {
    throw new TerminalError("CreateContainerConfigError", `volume ${JSON.stringify(name)} is not set up`);
  }
  return volume;
}

async function volumeMount(input: MountInput, mount: VolumeMount): Promise<Mount> {
  const volume = volumeOf(input, mount.name);
  const subPath = mount.subPath ?? expand(mount.subPathExpr ?? "", (name) => input.env.get(name));
  return {
    containerPath: mount.mountPath.startsWith("/") ? mount.mountPath : `/${mount.mountPath}`,
    hostPath: subPath === "" ? volume.hostPath : await resolveSubPath(volume.hostPath, subPath),
    readonly: volume.readOnly || mount.readOnly === true,
    propagation: propagationOf(mount.mountPropagation),
  };
}

async function hostsMount(context: KubeletContext, { pod, facts }: MountInput): Promise<Mount> {
  const path = hostsFile(context.rootDir, podId(pod).uid);
  const hostFile = pod.spec?.hostNetwork === true ? ((await readTextIfThere("/etc/hosts")) ?? "") : "";
  const content = renderHosts(pod, facts.podIps, context.clusterDomain, hostFile);
  // Containers that run have this very file mounted: it is written in place, and only when it differs.
  if ((await readTextIfThere(path)) !== content) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
  return { containerPath: "/etc/hosts", hostPath: path, readonly: false };
}

async function terminationMount(context: KubeletContext, input: MountInput): Promise<Mount> {
  const { uid } = podId(input.pod);
  const path = terminationLog(context.rootDir, uid, input.container.name, input.attempt);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, "");
  await chmod(path, 0o666); // the container may run as any user
  return { containerPath: input.container.terminationMessagePath ?? "/dev/termination-log", hostPath: path };
}
