/**
 * What a VirtualMachine is made of besides its template, and the copies that pin it.
 *
 *   original ──render──▶ ControllerRevision, owned by the machine ──read──▶ what the instance is made of
 *
 * No instance is made before the copies are there: then it cannot come out differently after a restart.
 */
import { type ControllerRevision, controllerRevisions } from "../../../api/apps.ts";
import type { VirtConfiguration } from "../../../api/kubevirt/configuration.ts";
import { type Expansion, expandVirtualMachine } from "../../../api/kubevirt/instancetype/expand.ts";
import { type MatchedObject, matchedResource, matcherOf } from "../../../api/kubevirt/instancetype/matcher.ts";
import { type MachineSpecs, type MatcherField, matcherFields } from "../../../api/kubevirt/instancetype/specs.ts";
import { revisionLabels } from "../../../api/kubevirt/names.ts";
import { virtualMachines } from "../../../api/kubevirt/resources.ts";
import type { VirtualMachine } from "../../../api/kubevirt/types.ts";
import { apiVersionOf } from "../../../api/meta.ts";
import { isStatus } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import type { Informer } from "../../client/informer.ts";
import { findMatched, type Matched, specsOf } from "../../runtime/machine-specs.ts";
import { controllerOf, controllerReference, isControlledBy } from "../../runtime/owner-references.ts";

export interface MadeOf {
  specs: MachineSpecs;
  expansion: Expansion;
  /** Names of the copies that are there. */
  revisionNames: Partial<Record<MatcherField, string>>;
  /** Copies that are still to be made. */
  unpinned: ControllerRevision[];
}

/** Why it cannot be said: what the machine names is not there. */
export interface Unknown {
  missing: string;
}

export interface MadeOfSources {
  client: Client;
  revisions: Informer<ControllerRevision>;
  configuration: () => VirtConfiguration;
}

export async function findMadeOf(sources: MadeOfSources, vm: VirtualMachine): Promise<MadeOf | Unknown> {
  const { client, revisions, configuration } = sources;
  const findRevision = (namespace: string, name: string) =>
    Promise.resolve(revisions.get(namespace, name) ?? client.get(controllerRevisions, { namespace, name }));
  try {
    const found = await Promise.all(matcherFields.map((field) => findMatched(client, vm, field, { findRevision })));
    const specs = specsOf(found);
    return { specs, expansion: expandVirtualMachine(vm, specs, configuration()), ...pins(vm, found, revisions) };
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
    return { missing: error.message };
  }
}

function pins(
  vm: VirtualMachine,
  found: readonly (Matched | undefined)[],
  revisions: Informer<ControllerRevision>,
): Pick<MadeOf, "revisionNames" | "unpinned"> {
  const revisionNames: MadeOf["revisionNames"] = {};
  const unpinned: ControllerRevision[] = [];
  for (const each of found) {
    if (each === undefined) continue;
    const copy = each.original && renderRevision(vm, each.original, each.field);
    const name = each.revisionName ?? copy?.metadata?.name ?? "";
    if (copy === undefined || isKept(revisions.get(vm.metadata?.namespace, name), vm)) revisionNames[each.field] = name;
    else unpinned.push(copy);
  }
  return { revisionNames, unpinned };
}

/** That of a machine which had this one's name goes with that machine, perhaps only in a moment; one that nobody owns stays. */
function isKept(copy: ControllerRevision | undefined, vm: VirtualMachine): boolean {
  return copy !== undefined && (controllerOf(copy) === undefined || isControlledBy(copy, vm));
}

export function renderRevision(vm: VirtualMachine, original: MatchedObject, field: MatcherField): ControllerRevision {
  const { name = "", namespace, uid = "", generation = 1 } = original.metadata ?? {};
  const resource = matchedResource(field, matcherOf(vm, field)?.kind);
  const { kind = "", version = "" } = resource ?? {};
  return {
    apiVersion: "apps/v1",
    kind: "ControllerRevision",
    metadata: {
      name: `${vm.metadata?.name}-${name}-${version}-${uid}-${generation}`,
      namespace: vm.metadata?.namespace,
      labels: {
        [revisionLabels.generation]: String(generation),
        [revisionLabels.kind]: kind,
        [revisionLabels.name]: name,
        [revisionLabels.uid]: uid,
        [revisionLabels.version]: version,
      },
      ownerReferences: [controllerReference(virtualMachines, vm)],
    },
    revision: 0,
    data: {
      apiVersion: resource && apiVersionOf(resource),
      kind,
      metadata: { name, ...(namespace && { namespace }), uid, generation },
      spec: original.spec,
    },
  };
}
