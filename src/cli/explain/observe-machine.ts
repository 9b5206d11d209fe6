import { type Event, events, nodes, type Pod, pods } from "../../../api/core.ts";
import { labels } from "../../../api/kubevirt/names.ts";
import { virtualMachineInstances, virtualMachines } from "../../../api/kubevirt/resources.ts";
import type { Client, ObjectKey } from "../../client/client.ts";
import type { Situation } from "./situation.ts";
import { unlessNotFound } from "../../client/unless-not-found.ts";

/** Reads all objects that tell of one machine. */
export async function observeMachine(client: Client, key: Required<ObjectKey>): Promise<Situation> {
  const { namespace, name } = key;
  const [vm, vmi, nodeList, everyPod] = await Promise.all([
    unlessNotFound(client.get(virtualMachines, key)),
    unlessNotFound(client.get(virtualMachineInstances, key)),
    client.list(nodes),
    client.list(pods),
  ]);
  const uid = vmi?.metadata?.uid;
  const own = everyPod.items.filter((pod) => uid !== undefined && pod.metadata?.labels?.[labels.createdBy] === uid);
  const pod = own.toSorted(byCreation).at(-1);
  const uids = new Set([vm, vmi, pod].map((object) => object?.metadata?.uid).filter((one) => one !== undefined));
  const eventList = await client.list(events, { namespace });
  return {
    namespace,
    name,
    vm,
    vmi,
    pod,
    events: eventList.items.filter((event) => uids.has(event.involvedObject.uid ?? "")).toSorted(byTime),
    nodes: nodeList.items,
    nodePods: everyPod.items.filter((other) => other.spec?.nodeName),
    now: new Date(),
  };
}

function byCreation(one: Pod, other: Pod): number {
  return (one.metadata?.creationTimestamp ?? "").localeCompare(other.metadata?.creationTimestamp ?? "");
}

function byTime(one: Event, other: Event): number {
  return timeOf(one).localeCompare(timeOf(other));
}

function timeOf(event: Event): string {
  return event.lastTimestamp ?? event.eventTime ?? event.metadata?.creationTimestamp ?? "";
}
