/**
 * The networks that a launcher pod is to have beside its own, as its annotation says it: to Multus, or to the embedded kubelet. The
 * interfaces in the pod have names that the node agent finds them by. Pure.
 *
 * The annotation of a running pod follows the machine's interfaces. One that is absent stays until the guest has let go of it, as the
 * status tells.
 */
import type { VirtualMachineInstance } from "../../../../api/kubevirt/types.ts";
import { networksAnnotation, requestedNetworks } from "../../../../api/network-attachments.ts";
import { secondaryLinks } from "../../../network/bridged-network.ts";
import type { LauncherPod } from "./launcher.ts";

/** The annotation's value; undefined without such networks. */
export function attachedNetworks({ metadata, spec, status }: VirtualMachineInstance): string | undefined {
  const held = new Set(status?.interfaces?.map(({ name }) => name));
  const interfaces = spec.domain.devices.interfaces ?? [];
  const present = interfaces.filter(({ name, state }) => state !== "absent" || held.has(name));
  const names = new Set(present.map(({ name }) => name));
  const networks = (spec.networks ?? []).flatMap(({ name, multus }) => {
    if (multus === undefined || !names.has(name)) return [];
    const [definition = "", namespace = metadata?.namespace ?? ""] = multus.networkName.split("/").toReversed();
    return [{ name: definition, namespace, interface: secondaryLinks(name).uplink }];
  });
  return networks.length === 0 ? undefined : JSON.stringify(networks);
}

/** What a running pod's annotation has to become, null for nothing; undefined when it is right. */
export function changedNetworks(vmi: VirtualMachineInstance, pod: LauncherPod): string | null | undefined {
  const actual = pod.metadata?.annotations?.[networksAnnotation];
  const wanted = attachedNetworks(vmi);
  if (wanted === actual || (actual !== undefined && !isOurs(pod))) return undefined;
  return wanted ?? null;
}

/** A machine may pass an annotation of its user's on, and a webhook may have added to it. */
function isOurs(pod: LauncherPod): boolean {
  try {
    return requestedNetworks(pod).every((network) => /^pod[0-9a-f]{11}$/.test(network.interface));
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
