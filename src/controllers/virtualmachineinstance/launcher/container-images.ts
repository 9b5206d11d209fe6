/** The images that a launcher is to have beside its own: one of each container disk, and the one that holds the kernel to boot. Pure. */
import { posix } from "node:path";
import type { Container } from "../../../../api/core.ts";
import { kernelVolume } from "../../../../api/kubevirt/kernel-boot.ts";
import type { VirtualMachineInstanceSpec } from "../../../../api/kubevirt/types.ts";
import { launcherPaths } from "../../../qemu/domain/paths.ts";

export interface ContainerImage {
  /** Of the pod's volume. */
  name: string;
  image: string;
  imagePullPolicy?: Container["imagePullPolicy"];
  imagePullSecret?: string;
  /** What is used of it: absolute paths in the image. */
  sources: readonly string[];
  /** Links in the image are followed; else they are nothing that is used. */
  followsLinks: boolean;
}

const defaultSource = "/disk";

export function containerImages(spec: VirtualMachineInstanceSpec): ContainerImage[] {
  return [...diskImages(spec), ...kernelImage(spec)];
}

function diskImages({ volumes = [] }: VirtualMachineInstanceSpec): ContainerImage[] {
  return volumes.flatMap(({ name, containerDisk }) => {
    if (!containerDisk) return [];
    const { path, ...image } = containerDisk;
    return [{ name, ...image, sources: [path || defaultSource], followsLinks: false }];
  });
}

function kernelImage({ domain }: VirtualMachineInstanceSpec): ContainerImage[] {
  const container = domain.firmware?.kernelBoot?.container;
  if (container === undefined) return [];
  const { kernelPath, initrdPath, ...image } = container;
  const sources = [kernelPath, initrdPath].flatMap((path) => path || []);
  return [{ name: kernelVolume, ...image, sources, followsLinks: true }];
}

/** Where QEMU sees a file of the image that holds the kernel. */
export function kernelFile(path: string): string {
  return posix.join(launcherPaths.containerDisks, kernelVolume, path);
}
