/** Rules about `domain.devices.filesystems`: each shows one volume to the guest, which mounts it by its name. */
import { filesystemSources } from "../filesystems.ts";
import { invalid, required, type StatusCause, setFields, unique } from "./causes.ts";
import type { Filesystem, VirtualMachineInstanceSpec } from "../types.ts";
import { volumeSources } from "../volume-sources.ts";

/** Of virtio-fs: QEMU ends when a tag is longer. */
const maxTagLength = 36;

export function validateFilesystems(spec: VirtualMachineInstanceSpec, path: string): StatusCause[] {
  const filesystems = spec.domain.devices.filesystems ?? [];
  const field = `${path}.domain.devices.filesystems`;
  return [
    ...filesystems.flatMap((filesystem, index) => validateFilesystem(spec, filesystem, `${field}[${index}]`)),
    ...unique(
      filesystems,
      ({ name }) => name,
      (index) => `${field}[${index}].name`,
      "each file system shows a volume of its own",
    ),
  ];
}

function validateFilesystem(spec: VirtualMachineInstanceSpec, { name }: Filesystem, field: string): StatusCause[] {
  const at = `${field}.name`;
  if (!name) return [required(at, "the name of the volume that the file system shows")];
  const isDisk = spec.domain.devices.disks?.some((disk) => disk.name === name);
  return [
    ...validateVolume(spec, name, at),
    ...(name.length > maxTagLength
      ? [
          invalid(
            at,
            name,
            `is longer than ${maxTagLength} characters, as the guest mounts it by it: rename the volume`,
          ),
        ]
      : []),
    ...(isDisk ? [invalid(at, name, "the volume is shown as a disk, too: remove one of both")] : []),
  ];
}

function validateVolume({ volumes = [] }: VirtualMachineInstanceSpec, name: string, field: string): StatusCause[] {
  const volume = volumes.find((each) => each.name === name);
  if (volume === undefined) {
    const names = volumes.map((each) => each.name).join(", ") || "none";
    return [
      invalid(field, name, `no volume has this name: add it to volumes (there: ${names}), or remove the file system`),
    ];
  }
  const [source] = setFields(volume, volumeSources);
  if (source === undefined || filesystemSources.some((each) => each === source)) return [];
  const kinds = filesystemSources.join(", ");
  return [invalid(field, name, `a ${source} is no directory: show it as a disk; a file system shows one of ${kinds}`)];
}
