/**
 * What is on a medium: the files and the label by which cloud-init, or whoever reads a ConfigMap disk, finds it. Pure.
 *
 *   NoCloud       cidata     user-data, meta-data, network-config
 *   ConfigDrive   config-2   openstack/latest/{user_data,meta_data.json,network_data.json}
 *   ConfigMap     cfgdata    one file for each key
 */
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";

export interface Medium {
  label: string;
  files: Record<string, string | Uint8Array>;
}

/** Resolved: inline, base64 or from a Secret. */
export interface CloudInit {
  userData: string;
  networkData: string | undefined;
  publicKeys: readonly string[];
}

export function noCloudMedium(vmi: VirtualMachineInstance, { userData, networkData, publicKeys }: CloudInit): Medium {
  const metaData = {
    "instance-id": instanceId(vmi),
    "local-hostname": hostnameOf(vmi),
    ...(publicKeys.length > 0 && { "public-keys": numbered(publicKeys) }),
  };
  return {
    label: "cidata",
    files: {
      "user-data": userData,
      "meta-data": JSON.stringify(metaData),
      ...(networkData !== undefined && { "network-config": networkData }),
    },
  };
}

export function configDriveMedium(
  vmi: VirtualMachineInstance,
  { userData, networkData, publicKeys }: CloudInit,
): Medium {
  const metaData = {
    instance_id: instanceId(vmi),
    uuid: vmi.spec.domain.firmware?.uuid ?? vmi.metadata?.uid,
    hostname: hostnameOf(vmi),
    ...(publicKeys.length > 0 && { public_keys: numbered(publicKeys) }),
  };
  const latest = "openstack/latest";
  return {
    label: "config-2",
    files: {
      [`${latest}/user_data`]: userData,
      [`${latest}/meta_data.json`]: JSON.stringify(metaData),
      ...(networkData !== undefined && { [`${latest}/network_data.json`]: networkData }),
    },
  };
}

export function filesMedium(label: string | undefined, files: Medium["files"]): Medium {
  return { label: label || "cfgdata", files };
}

/** The same at each start of the same machine: cloud-init does its once-per-instance work once. */
function instanceId({ metadata }: VirtualMachineInstance): string {
  return `${metadata?.name}.${metadata?.namespace}`;
}

export function hostnameOf({ spec, metadata }: VirtualMachineInstance): string {
  return spec.hostname || (metadata?.name ?? "").replaceAll(".", "-").slice(0, 63).replace(/-+$/, "");
}

function numbered(values: readonly string[]): Record<string, string> {
  return Object.fromEntries(values.map((value, index) => [String(index), value]));
}
