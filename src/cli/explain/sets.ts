/** Replica sets and pools: why they do not have as many machines ready as they should. */
import { findCondition, isConditionTrue } from "../../../api/kubevirt/conditions.ts";
import {
  virtualMachineInstanceReplicaSets,
  virtualMachineInstances,
  virtualMachinePools,
  virtualMachines,
} from "../../../api/kubevirt/resources.ts";
import type { Condition, KubeObject, Resource } from "../../../api/meta.ts";
import type { Client, ObjectKey } from "../../client/client.ts";
import { unlessNotFound } from "../../client/unless-not-found.ts";
import { isControlledBy } from "../../runtime/owner-references.ts";
import { explainMachine } from "./explain-machine.ts";
import { observeMachine } from "./observe-machine.ts";
import { type Explanation, sentence } from "./situation.ts";

/** What both kinds have. */
interface MachineSet extends KubeObject {
  spec: { replicas?: number; paused?: boolean };
  status?: { replicas?: number; readyReplicas?: number; conditions?: Condition[] };
}

type Member = KubeObject & { status?: { conditions?: Condition[] } };

interface SetKind {
  resource: Resource<MachineSet>;
  members: Resource<Member>;
}

const replicaSet: SetKind = { resource: virtualMachineInstanceReplicaSets, members: virtualMachineInstances };
const pool: SetKind = { resource: virtualMachinePools, members: virtualMachines };

const kinds: Readonly<Record<string, SetKind>> = {
  vmirs: replicaSet,
  vmirss: replicaSet,
  virtualmachineinstancereplicaset: replicaSet,
  virtualmachineinstancereplicasets: replicaSet,
  vmpool: pool,
  vmpools: pool,
  virtualmachinepool: pool,
  virtualmachinepools: pool,
};

/** Of `TYPE/NAME`; undefined when it is another type. */
export function setKindOf(target: string): SetKind | undefined {
  const type = target.slice(0, Math.max(0, target.indexOf("/"))).toLowerCase();
  return Object.hasOwn(kinds, type) ? kinds[type] : undefined;
}

export async function explainSet(
  client: Client,
  { resource, members }: SetKind,
  key: Required<ObjectKey>,
): Promise<Explanation> {
  const set = await unlessNotFound(client.get(resource, key));
  if (set === undefined)
    return {
      why: `does not exist in namespace ${key.namespace}`,
      todo: `\`kubectl get ${resource.plural} -A\` lists those that do`,
    };
  const { items } = await client.list(members, { namespace: key.namespace });
  const waiting = items.find((each) => isControlledBy(each, set) && !isConditionTrue(each.status?.conditions, "Ready"));
  const name = waiting?.metadata?.name;
  if (name === undefined) return explainCounts(set, undefined);
  return explainCounts(set, sentence(name, explainMachine(await observeMachine(client, { ...key, name }))));
}

/** @param member what is to be said of one of its machines that is not ready. Pure. */
export function explainCounts({ metadata, spec, status }: MachineSet, member: string | undefined): Explanation {
  const { replicas: wanted = 1, paused } = spec;
  const { replicas = 0, readyReplicas = 0, conditions } = status ?? {};
  const has = `has ${readyReplicas} of ${wanted} machines ready`;
  if (metadata?.deletionTimestamp) return { why: "is being deleted, and its machines with it unless they are to stay" };
  if (paused)
    return {
      why: `is paused with ${replicas} machines, ${readyReplicas} of them ready`,
      todo: "set spec.paused to false to let it go on",
    };
  const failure = findCondition(conditions, "ReplicaFailure");
  if (failure?.status === "True")
    return {
      why: `${has} because a change failed (${failure.message ?? failure.reason})`,
      todo: "correct what the message names; it is tried again by itself",
    };
  if (replicas > wanted)
    return {
      why: `has ${replicas} machines although ${wanted} are wanted`,
      todo: "they are on their way out, unless its scaleInStrategy leaves that to you",
    };
  if (readyReplicas >= wanted) return { why: `has all of its ${wanted} machines ready` };
  return member === undefined
    ? { why: has, todo: "the others are being made" }
    : { why: `${has}. ${member.endsWith(".") ? member.slice(0, -1) : member}` };
}
