/**
 * Interfaces that a running machine's template has got since, or has made absent: the instance is told, and the machine needs no restart for
 * them. Only those with the bridge binding on other networks than the pod's, as in KubeVirt; and only if nothing else has changed: what
 * else there is waits for the restart, and they with it. Pure.
 *
 * Whether nothing else has changed is asked of the template's hash: would it be that of the instance, were these as they are there?
 */
import { annotations } from "../../../api/kubevirt/names.ts";
import { isInTransit } from "../../../api/kubevirt/migration.ts";
import type {
  Interface,
  VirtualMachine,
  VirtualMachineInstance,
  VirtualMachineInstanceSpec,
} from "../../../api/kubevirt/types.ts";
import { knownMadeOf, type Observation } from "./observation.ts";
import { needsRestart, templateHash } from "./render-vmi.ts";

/** The instance as it is to be; undefined when there is nothing to tell it. */
export function withPlugged(observation: Observation, vmi: VirtualMachineInstance): VirtualMachineInstance | undefined {
  const { vm, configuration } = observation;
  if (configuration.vmRolloutStrategy !== "LiveUpdate" || !needsRestart(observation, vmi)) return undefined;
  if (vmi.status?.phase !== "Running" || isInTransit(vmi)) return undefined;
  const madeOf = knownMadeOf(observation);
  const { template } = vm.spec;
  const before = { ...vm, spec: { ...vm.spec, template: { ...template, spec: asInstance(template.spec, vmi.spec) } } };
  if (templateHash(before, madeOf) !== vmi.metadata?.annotations?.[annotations.templateHash]) return undefined;
  const { spec } = (madeOf?.expansion.vm ?? vm).spec.template;
  const changed = interfacesOf(spec).filter((nic) => isChanged(nic, vmi.spec));
  if (changed.length === 0 || !changed.every(({ name }) => isPluggable(spec, name))) return undefined;
  return {
    ...vmi,
    metadata: withOrigin(vmi, vm, templateHash(vm, madeOf)),
    spec: withInterfaces(vmi.spec, spec, changed),
  };
}

const interfacesOf = ({ domain }: VirtualMachineInstanceSpec): Interface[] => domain.devices.interfaces ?? [];

/** New, come back or gone; whether a cable is plugged in is another matter. */
function isChanged({ name, state }: Interface, instance: VirtualMachineInstanceSpec): boolean {
  const known = interfacesOf(instance).find((each) => each.name === name);
  return known === undefined || (known.state === "absent") !== (state === "absent");
}

function isPluggable(spec: VirtualMachineInstanceSpec, name: string): boolean {
  const nic = interfacesOf(spec).find((each) => each.name === name);
  return nic?.bridge !== undefined && spec.networks?.find((each) => each.name === name)?.multus !== undefined;
}

/** The template, with the interfaces that the instance has, as they are there. */
function asInstance(
  template: VirtualMachineInstanceSpec,
  instance: VirtualMachineInstanceSpec,
): VirtualMachineInstanceSpec {
  const known = new Map(interfacesOf(instance).map((nic) => [nic.name, nic]));
  const networks = new Set(instance.networks?.map(({ name }) => name));
  const interfaces = interfacesOf(template).filter(({ name }) => known.has(name));
  const { devices } = template.domain;
  return {
    ...template,
    domain: {
      ...template.domain,
      devices: {
        ...devices,
        interfaces: interfaces.map((nic) =>
          isChanged(nic, instance) ? inState(nic, known.get(nic.name)?.state) : nic,
        ),
      },
    },
    ...(template.networks && { networks: template.networks.filter(({ name }) => networks.has(name)) }),
  };
}

function inState(nic: Interface, state: string | undefined): Interface {
  const { state: _, ...rest } = nic;
  return { ...rest, ...(state !== undefined && { state }) };
}

/** New ones at the end, so that each keeps its place in the machine. */
function withInterfaces(
  instance: VirtualMachineInstanceSpec,
  template: VirtualMachineInstanceSpec,
  changed: readonly Interface[],
): VirtualMachineInstanceSpec {
  const states = new Map(changed.map((nic) => [nic.name, nic.state]));
  const known = new Set(interfacesOf(instance).map(({ name }) => name));
  const added = changed.filter(({ name }) => !known.has(name));
  const networks = (template.networks ?? []).filter(({ name }) => added.some((nic) => nic.name === name));
  const interfaces = interfacesOf(instance).map((nic) =>
    states.has(nic.name) ? inState(nic, states.get(nic.name)) : nic,
  );
  const { domain } = instance;
  return {
    ...instance,
    domain: { ...domain, devices: { ...domain.devices, interfaces: [...interfaces, ...added] } },
    networks: [...(instance.networks ?? []), ...networks],
  };
}

function withOrigin(
  { metadata }: VirtualMachineInstance,
  vm: VirtualMachine,
  hash: string,
): VirtualMachineInstance["metadata"] {
  const origin = { [annotations.vmGeneration]: String(vm.metadata?.generation ?? 0), [annotations.templateHash]: hash };
  return { ...metadata, annotations: { ...metadata?.annotations, ...origin } };
}
