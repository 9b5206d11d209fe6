/**
 * All that admission may ask of a cluster: the machine that a migration is about, whether another one is under way, and what a machine may
 * be made of. Whatever is asked for is there, by any name but `missing`.
 */
import { controllerRevisions } from "../../api/apps.ts";
import { persistentVolumeClaims } from "../../api/core.ts";
import { matchedResource } from "../../api/kubevirt/instancetype/matcher.ts";
import { type MatcherField, matcherFields } from "../../api/kubevirt/instancetype/specs.ts";
import { inferenceLabels } from "../../api/kubevirt/names.ts";
import { virtualMachineInstances } from "../../api/kubevirt/resources.ts";
import { sampleVmi } from "../../api/kubevirt/sample.ts";
import type { KubeObject, Resource } from "../../api/meta.ts";
import { networkAttachmentDefinitions } from "../../api/network-attachments.ts";
import { StatusError } from "../../src/base/errors.ts";
import type { Client } from "../../src/client/client.ts";

const stays = [
  { type: "LiveMigratable", status: "False", reason: "DisksNotLiveMigratable", message: "its disks stay" },
];

/** By name; any other instance runs and can be moved. */
const statuses: Readonly<Record<string, object>> = {
  ended: { phase: "Succeeded" },
  fixed: { phase: "Running", conditions: stays },
};

/** Its annotation tells what a machine was made of. */
function matched(kind: string, name: string): object {
  const annotations = { [`made-of-${kind}`]: name };
  const isInstancetype = kind.endsWith("Instancetype");
  return {
    kind,
    spec: isInstancetype ? { cpu: { guest: 1 }, memory: { guest: "128Mi" }, annotations } : { annotations },
  };
}

/** A copy of a preference is named so; any other one is of an instance type. */
function revision(name: string): object {
  const field: MatcherField = name.startsWith("preference") ? "preference" : "instancetype";
  return { data: matched(matchedResource(field, undefined)?.kind ?? "", name) };
}

/** One that is `untold` does not say what a machine with it is made of. */
function claim(name: string): object {
  const labels = Object.fromEntries(matcherFields.map((field) => [inferenceLabels[field], name]));
  return name === "untold" ? {} : { metadata: { labels } };
}

const matchedKinds: readonly string[] = matcherFields.flatMap((field) =>
  ["", "Cluster"].map((scope) => `VirtualMachine${scope}${field === "instancetype" ? "Instancetype" : "Preference"}`),
);

function find({ kind }: Resource, name: string): object | undefined {
  if (name === "missing") return undefined;
  if (matchedKinds.includes(kind)) return matched(kind, name);
  switch (kind) {
    case virtualMachineInstances.kind: {
      const status = Object.hasOwn(statuses, name) ? statuses[name] : { phase: "Running" };
      return sampleVmi((vmi) => Object.assign(vmi, { status }));
    }
    case persistentVolumeClaims.kind:
      return claim(name);
    case controllerRevisions.kind:
      return revision(name);
    default:
      return undefined;
  }
}

export const world = {
  get(resource: Resource, { name }: { name: string }): Promise<KubeObject> {
    const found = find(resource, name);
    return found === undefined
      ? Promise.reject(new StatusError("NotFound", `${resource.plural} "${name}" not found`))
      : Promise.resolve(found as KubeObject);
  },
  /** Discovery: somebody attaches more networks. */
  request: () => Promise.resolve({ resources: [{ name: networkAttachmentDefinitions.plural }] }),
  list: (_resource: Resource, { labelSelector = "" }: { labelSelector?: string }) =>
    Promise.resolve({ items: labelSelector.endsWith("=moving") ? [{ metadata: { uid: "other" } }] : [] }),
} as unknown as Client;
