/** Virtual machines that would be lost with their kinds. */
import {
  virtualMachineInstanceReplicaSets,
  virtualMachineInstances,
  virtualMachinePools,
  virtualMachines,
} from "../../../api/kubevirt/resources.ts";
import type { KubeObject, Resource } from "../../../api/meta.ts";
import { isStatus } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import { listMetadata } from "../../client/metadata-list.ts";
import { nameOf } from "../cluster/kinds.ts";
import { untilNothingLacks, type Waiting } from "../cluster/waiting.ts";
import { deleteIfThere } from "./delete.ts";

/** What makes others comes first, so that nothing is made anew. */
const kinds: readonly Resource[] = [
  virtualMachinePools,
  virtualMachineInstanceReplicaSets,
  virtualMachines,
  virtualMachineInstances,
];

const shown = 10;

/** @throws Error naming some of them */
export async function refuseWhileMachinesExist(client: Client): Promise<void> {
  const all = (await Promise.all(kinds.map((kind) => listIfServed(client, kind)))).flat();
  if (all.length === 0) return;
  const more = all.length > shown ? [`  ... and ${all.length - shown} more`] : [];
  throw new Error(
    [
      "there are virtual machines in this cluster; with vmpod their guests would end and their objects be removed:",
      ...all.slice(0, shown).map((each) => `  ${nameOf(each)}`),
      ...more,
      "Delete them first, or pass --with-machines. Their PersistentVolumeClaims stay either way.",
    ].join("\n"),
  );
}

/** Deletes all, while there are still controllers and agents to end them properly, and waits until they are gone. */
export async function removeMachines(client: Client, waiting: Waiting): Promise<number> {
  let count = 0;
  for (const kind of kinds) {
    const found = await listIfServed(client, kind);
    for (const object of found) await deleteIfThere(client, kind, object);
    count += found.length;
    if (found.length > 0) await untilNothingLacks(client, kind, {}, waiting, (left) => ending(kind, left));
  }
  return count;
}

function ending(kind: Resource, [first, ...rest]: readonly KubeObject[]): string | undefined {
  return first && `${rest.length + 1} ${kind.plural} are ending, e.g. ${nameOf({ ...first, kind: kind.kind })}`;
}

async function listIfServed(client: Client, kind: Resource): Promise<KubeObject[]> {
  try {
    return await listMetadata(client, kind);
  } catch (error) {
    if (isStatus(error, "NotFound")) return [];
    throw error;
  }
}
