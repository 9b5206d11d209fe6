/**
 * Container disks where the cluster has no image volumes: each image runs once before QEMU does, and copies its disk to an
 * empty volume that is mounted where the image would be. A disk's image has no shell and no library, so the first init container
 * leaves there what copies, with its own loader and libraries (images/launcher/copier.ts).
 *
 *   copier (launcher image) --tools--> run/copier      copy-disk-0 (disk image) --/disk--> container-disks/NAME      compute
 */
import type { Container } from "../../../../api/core.ts";
import type { VirtualMachineInstanceSpec } from "../../../../api/kubevirt/types.ts";
import { launcherPaths } from "../../../qemu/domain/paths.ts";
import { type ContainerImage, containerImages } from "./container-images.ts";
import type { Resources } from "./resources.ts";

interface CopyContext {
  launcherImage: string;
  /** Of QEMU's container: the copies run before it, so they cost the pod nothing that it would not get anyway. */
  resources: Resources;
  securityContext: Container["securityContext"];
}

const copyPrefix = "copy-disk-";

export function copyContainers(spec: VirtualMachineInstanceSpec, context: CopyContext): Container[] {
  const images = containerImages(spec);
  return images.length === 0
    ? []
    : [provideCopier(context), ...images.map((image, index) => copyImage(image, index, context))];
}

function provideCopier(context: CopyContext): Container {
  return {
    ...common("copier", context),
    image: context.launcherImage,
    imagePullPolicy: "IfNotPresent",
    command: ["cp", "-RL", `${launcherPaths.copierInImage}/.`, launcherPaths.copier],
    volumeMounts: [{ name: "run", mountPath: launcherPaths.run }],
  };
}

function copyImage(
  { name, image, imagePullPolicy, sources, followsLinks }: ContainerImage,
  index: number,
  context: CopyContext,
): Container {
  const target = `${launcherPaths.containerDisks}/${name}`;
  const tool = (file: string): string => `${launcherPaths.copier}/${file}`;
  const shell = [tool("ld.so"), "--library-path", launcherPaths.copier, tool("busybox"), "sh"];
  return {
    ...common(`${copyPrefix}${index}`, context),
    image,
    ...(imagePullPolicy && { imagePullPolicy }),
    command: [...shell, tool("copy-disk"), ...(followsLinks ? ["-L"] : []), ...sources, target],
    volumeMounts: [
      { name: "run", mountPath: launcherPaths.run, readOnly: true },
      { name, mountPath: target },
    ],
  };
}

function common(name: string, { resources, securityContext }: CopyContext): Container {
  return {
    name,
    resources: { requests: withoutDevices(resources.requests), limits: withoutDevices(resources.limits) },
    securityContext,
    // What a failed copy said is then in the pod's status, and from there in the machine's.
    terminationMessagePolicy: "FallbackToLogsOnError",
  };
}

function withoutDevices(amounts: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(amounts).filter(([name]) => !name.includes("/")));
}

/** The volume that an init container of a launcher copies; undefined for another container. */
export function copiedVolume({
  name,
  volumeMounts = [],
}: Pick<Container, "name" | "volumeMounts">): string | undefined {
  if (!name.startsWith(copyPrefix)) return undefined;
  return volumeMounts.find(({ mountPath }) => mountPath.startsWith(`${launcherPaths.containerDisks}/`))?.name;
}
