/** What the metrics of VirtualMachines and of their instances say alike. Pure. */
import type { VirtualMachineInstanceSpec } from "../../../api/kubevirt/types.ts";
import type { KubeObject } from "../../../api/meta.ts";

/** Where nothing is known, as upstream's metrics say it. */
export const none = "<none>";

/** From annotations that templates bring along. */
export function guestDescription({ metadata }: Pick<KubeObject, "metadata">) {
  const { annotations = {} } = metadata ?? {};
  const of = (name: string): string => annotations[`vm.kubevirt.io/${name}`] || none;
  return { os: of("os"), workload: of("workload"), flavor: of("flavor") };
}

export function secondsOf(timestamp: string | undefined): number | undefined {
  const milliseconds = Date.parse(timestamp ?? "");
  return Number.isNaN(milliseconds) ? undefined : milliseconds / 1000;
}

export interface Vnic {
  vnic_name: string;
  binding_type: string;
  network: string;
  binding_name: string;
  model: string;
}

export function vnicsOf({ domain, networks = [] }: VirtualMachineInstanceSpec): Vnic[] {
  const networkOf = (name: string): string =>
    networks.find((network) => network.name === name)?.multus?.networkName ?? "pod networking";
  return (domain.devices.interfaces ?? []).map((nic) => ({
    vnic_name: nic.name,
    binding_type: nic.binding ? "plugin" : "core",
    network: networkOf(nic.name),
    binding_name: nic.binding?.name ?? bindings.find((binding) => nic[binding] !== undefined) ?? none,
    model: nic.model || none,
  }));
}

const bindings = ["masquerade", "bridge", "sriov", "passt", "slirp", "macvtap"] as const;
