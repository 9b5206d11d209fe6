/**
 * The two media that tell a guest who it is (cloudinit.readthedocs.io, "NoCloud" and "Config Drive"):
 *
 *   NoCloud      label cidata      user-data, meta-data, network-config
 *   ConfigDrive  label config-2    openstack/latest/{user_data,meta_data.json,network_data.json}
 */
import { buildIso } from "../iso/iso9660.ts";

export interface CloudInit {
  /** A new one makes the guest run its first-boot steps again. */
  instanceId: string;
  hostname: string;
  /** Of the machine, for ConfigDrive. */
  uuid?: string;
  userData?: string | Uint8Array;
  networkData?: string | Uint8Array;
  publicKeys?: readonly string[];
  /** For ConfigDrive. */
  devices?: readonly DeviceMetadata[];
}

/** A device of the machine that has a meaning to its user. */
export interface DeviceMetadata {
  type: string;
  bus: string;
  address?: string;
  mac?: string;
  serial?: string;
  tags: readonly string[];
}

type Files = Record<string, string | Uint8Array>;

export function noCloudMedium(data: CloudInit): Buffer {
  return buildIso({ label: "cidata", files: noCloudFiles(data) });
}

export function configDriveMedium(data: CloudInit): Buffer {
  return buildIso({ label: "config-2", files: configDriveFiles(data) });
}

/** cloud-init takes the medium only when user-data is there, even an empty one. */
export function noCloudFiles(data: CloudInit): Files {
  const metaData = {
    "instance-id": data.instanceId,
    "local-hostname": data.hostname,
    ...(data.publicKeys?.length && { "public-keys": numbered(data.publicKeys) }),
  };
  return {
    "user-data": data.userData ?? "",
    "meta-data": `${JSON.stringify(metaData)}\n`,
    ...(data.networkData !== undefined && { "network-config": data.networkData }),
  };
}

export function configDriveFiles(data: CloudInit): Files {
  const metaData = {
    instance_id: data.instanceId,
    local_hostname: data.hostname,
    hostname: data.hostname,
    uuid: data.uuid ?? data.instanceId,
    ...(data.devices?.length && { devices: data.devices }),
    ...(data.publicKeys?.length && { public_keys: numbered(data.publicKeys) }),
  };
  return {
    "openstack/latest/meta_data.json": `${JSON.stringify(metaData)}\n`,
    "openstack/latest/user_data": data.userData ?? "",
    ...(data.networkData !== undefined && { "openstack/latest/network_data.json": data.networkData }),
  };
}

function numbered(keys: readonly string[]): Record<string, string> {
  return Object.fromEntries(keys.map((key, index) => [`key${index}`, key]));
}
