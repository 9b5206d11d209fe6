import {
  type Event,
  events,
  nodes,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  type Pod,
  pods,
} from "../../../api/core.ts";
import { labels } from "../../../api/kubevirt/names.ts";
import { virtualMachineInstances, virtualMachines } from "../../../api/kubevirt/resources.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { isStatus } from "../../base/errors.ts";
import type { Client, ObjectKey } from "../../client/client.ts";
import { getSubresource } from "../subresource.ts";
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
  const [claims, agentSilence] = await Promise.all([claimsOf(client, namespace, vmi), askAgent(client, key, vmi)]);
  const uids = new Set(
    [vm, vmi, pod, ...claims].map((object) => object?.metadata?.uid).filter((one) => one !== undefined),
  );
  const eventList = await client.list(events, { namespace });
  return {
    namespace,
    name,
    vm,
    vmi,
    pod,
    claims,
    agentSilence,
    events: eventList.items.filter((event) => uids.has(event.involvedObject.uid ?? "")).toSorted(byTime),
    nodes: nodeList.items,
    nodePods: everyPod.items.filter((other) => other.spec?.nodeName),
    now: new Date(),
  };
}

async function claimsOf(
  client: Client,
  namespace: string,
  vmi: VirtualMachineInstance | undefined,
): Promise<PersistentVolumeClaim[]> {
  const names = (vmi?.spec.volumes ?? []).flatMap((volume) => volume.persistentVolumeClaim?.claimName ?? []);
  const found = names.map((name) => unlessNotFound(client.get(persistentVolumeClaims, { namespace, name })));
  return (await Promise.all(found)).filter((claim) => claim !== undefined);
}

/** Whatever it answers, it is there. */
async function askAgent(
  client: Client,
  key: Required<ObjectKey>,
  vmi: VirtualMachineInstance | undefined,
): Promise<string | undefined> {
  if (vmi?.status?.phase !== "Running") return undefined;
  try {
    await getSubresource(client, { ...key, kind: "vmi" }, "userlist");
    return undefined;
  } catch (error) {
    return isStatus(error, "ServiceUnavailable") ? error.message : undefined;
  }
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
