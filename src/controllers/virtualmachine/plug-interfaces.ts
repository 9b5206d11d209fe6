/**
 * Interfaces that a running machine's template has got since, or has made absent, or present again: those with the bridge binding on other
 * networks than the pod's, as in KubeVirt. Pure.
 */
import type { Interface, VirtualMachineInstanceSpec } from "../../../api/kubevirt/types.ts";

type Spec = VirtualMachineInstanceSpec;

/** The instance's spec with them; new ones at the end, so that each keeps its place in the machine. */
export function withPlugged(instance: Spec, wanted: Spec): Spec {
  const changed = interfacesOf(wanted).filter((nic) => isChanged(nic, instance) && isPluggable(nic, wanted));
  if (changed.length === 0) return instance;
  const byName = new Map(changed.map((nic) => [nic.name, nic]));
  const known = interfacesOf(instance);
  const added = changed.filter(({ name }) => !known.some((nic) => nic.name === name));
  const networks = (wanted.networks ?? []).filter(({ name }) => added.some((nic) => nic.name === name));
  const interfaces = known.map((nic) => inState(nic, byName.get(nic.name) ?? nic));
  const { domain } = instance;
  return {
    ...instance,
    domain: { ...domain, devices: { ...domain.devices, interfaces: [...interfaces, ...added] } },
    networks: [...(instance.networks ?? []), ...networks],
  };
}

const interfacesOf = ({ domain }: Spec): Interface[] => domain.devices.interfaces ?? [];

/** New, come back or gone; whether a cable is plugged in is another matter. */
function isChanged({ name, state }: Interface, instance: Spec): boolean {
  const known = interfacesOf(instance).find((nic) => nic.name === name);
  return known === undefined || (known.state === "absent") !== (state === "absent");
}

function isPluggable({ name, bridge }: Interface, { networks }: Spec): boolean {
  return bridge !== undefined && networks?.find((network) => network.name === name)?.multus !== undefined;
}

function inState(nic: Interface, { state }: Interface): Interface {
  const { state: _, ...rest } = nic;
  return { ...rest, ...(state !== undefined && { state }) };
}
