/** Reads AddVolumeOptions and RemoveVolumeOptions. What is wrong inside a disk is told by the rules for machines. */
import type { AddedVolume } from "../../../api/kubevirt/volume-request.ts";
import { StatusError } from "../../base/errors.ts";
import { flagOption, objectOption, textOption } from "./options.ts";

/** @throws StatusError BadRequest, in upstream's words where it has some */
export function addedVolume(body: unknown): AddedVolume {
  const name = requiredIn("AddVolumeOptions", "name to be set", textOption(body, "name"));
  const disk = requiredIn("AddVolumeOptions", "disk to not be nil", objectOption(body, "disk"));
  const source = requiredIn("AddVolumeOptions", "VolumeSource to not be nil", objectOption(body, "volumeSource"));
  return { name, disk, source: claimSource(source) };
}

/** @returns the volume's name */
export function removedVolume(body: unknown): string {
  return requiredIn("RemoveVolumeOptions", "name to be set", textOption(body, "name"));
}

function claimSource(source: object): AddedVolume["source"] {
  if (objectOption(source, "dataVolume"))
    throw bad("volumeSource.dataVolume: DataVolumes are not available yet: use persistentVolumeClaim");
  const claim = objectOption(source, "persistentVolumeClaim");
  if (claim === undefined) throw bad("AddVolumeOptions requires VolumeSource to name a persistentVolumeClaim");
  const claimName = textOption(claim, "claimName");
  if (!claimName) throw bad("volumeSource.persistentVolumeClaim.claimName: name the claim");
  const readOnly = flagOption(claim, "readOnly");
  return { claimName, ...(readOnly !== undefined && { readOnly }) };
}

function requiredIn<T>(options: string, what: string, value: T | undefined): T {
  if (value === undefined || value === "") throw bad(`${options} requires ${what}`);
  return value;
}

function bad(message: string): StatusError {
  return new StatusError("BadRequest", message);
}
