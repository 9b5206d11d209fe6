/** Finds the instance type and the preference that a VirtualMachine names: the copy that is in force, or else the original. */
import { type ControllerRevision, controllerRevisions } from "../../api/apps.ts";
import {
  type MatchedObject,
  matchedResource,
  matcherOf,
  revisionInForce,
} from "../../api/kubevirt/instancetype/matcher.ts";
import {
  type InstancetypeSpec,
  type MachineSpecs,
  type MatcherField,
  matcherFields,
  type PreferenceSpec,
} from "../../api/kubevirt/instancetype/specs.ts";
import type { VirtualMachine, VirtualMachineStatus } from "../../api/kubevirt/types.ts";
import { StatusError } from "../base/errors.ts";
import type { Client } from "../client/client.ts";

export interface Matched {
  field: MatcherField;
  spec: InstancetypeSpec | PreferenceSpec;
  /** The copy's name. */
  revisionName?: string;
  /** The original, when there is no copy yet. */
  original?: MatchedObject;
}

export type FindRevision = (namespace: string, name: string) => Promise<ControllerRevision>;

/** @throws StatusError NotFound */
export async function findMatched(
  client: Client,
  vm: VirtualMachine,
  field: MatcherField,
  options: { status?: VirtualMachineStatus | undefined; findRevision?: FindRevision } = {},
): Promise<Matched | undefined> {
  const matcher = matcherOf(vm, field);
  if (!matcher?.name) return undefined;
  const namespace = vm.metadata?.namespace ?? "";
  const { status = vm.status, findRevision = askingFor(client) } = options;
  const revisionName = revisionInForce(vm, field, status);
  if (revisionName !== undefined) {
    return { field, revisionName, spec: specOf(await findRevision(namespace, revisionName), field) };
  }
  const original = await findOriginal(client, vm, field, matcher.name);
  return { field, original, spec: original.spec };
}

/** Both. @throws StatusError NotFound */
export async function findMachineSpecs(
  client: Client,
  vm: VirtualMachine,
  status?: VirtualMachineStatus,
): Promise<MachineSpecs> {
  const found = await Promise.all(matcherFields.map((field) => findMatched(client, vm, field, { status })));
  return specsOf(found);
}

export function specsOf(found: readonly (Matched | undefined)[]): MachineSpecs {
  return Object.fromEntries(found.flatMap((each) => (each ? [[each.field, each.spec]] : [])));
}

function askingFor(client: Client): FindRevision {
  return (namespace, name) => client.get(controllerRevisions, { namespace, name });
}

async function findOriginal(
  client: Client,
  vm: VirtualMachine,
  field: MatcherField,
  name: string,
): Promise<MatchedObject> {
  const kind = matcherOf(vm, field)?.kind;
  const resource = matchedResource(field, kind);
  if (resource === undefined) throw new StatusError("NotFound", `got unexpected kind in matcher of ${field}: ${kind}`);
  const key = resource.namespaced ? { namespace: vm.metadata?.namespace, name } : { name };
  return client.get(resource, key);
}

/** `data` is the whole object that was copied. */
function specOf(revision: ControllerRevision, field: MatcherField): InstancetypeSpec | PreferenceSpec {
  const { kind, spec } = (revision.data ?? {}) as Partial<MatchedObject>;
  if (spec !== undefined && matchedResource(field, kind) !== undefined) return spec;
  throw new StatusError("NotFound", `ControllerRevision "${revision.metadata?.name}" holds no ${field}`);
}
