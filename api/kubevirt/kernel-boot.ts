/** A kernel that is booted without a disk's boot loader, from an image that holds it. */
import { invalid, required, type StatusCause } from "./validate/causes.ts";
import type { VirtualMachineInstanceSpec } from "./types.ts";

/** The launcher pod's volume that shows the image. */
export const kernelVolume = "kernel-boot";

export function validateKernelBoot(spec: VirtualMachineInstanceSpec, path: string): StatusCause[] {
  const { kernelArgs, container } = spec.domain.firmware?.kernelBoot ?? {};
  const field = `${path}.domain.firmware.kernelBoot`;
  if (container === undefined) {
    return kernelArgs ? [invalid(`${field}.kernelArgs`, kernelArgs, "needs a container that holds the kernel")] : [];
  }
  return [
    ...(container.image ? [] : [required(`${field}.container.image`, "the OCI image that holds the kernel")]),
    ...(container.kernelPath
      ? []
      : [required(`${field}.container.kernelPath`, "where in the image the kernel is; an initrd alone boots nothing")]),
    ...validatePath(container.kernelPath, `${field}.container.kernelPath`),
    ...validatePath(container.initrdPath, `${field}.container.initrdPath`),
    ...(spec.volumes ?? []).flatMap(({ name }, index) =>
      name === kernelVolume
        ? [invalid(`${path}.volumes[${index}].name`, name, "is the name of the kernel's volume: choose another one")]
        : [],
    ),
  ];
}

function validatePath(file: string | undefined, field: string): StatusCause[] {
  if (!file || (file.startsWith("/") && !file.split("/").includes(".."))) return [];
  return [invalid(field, file, "the path of a file inside the image is absolute and has no '..'")];
}
