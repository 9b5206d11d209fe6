/** Carries out one planned action. Idempotent: each may be repeated after a crash at any point. */
import { persistentVolumeClaims, pods } from "../../../api/core.ts";
import type { VirtConfiguration } from "../../../api/kubevirt/configuration.ts";
import { finalizers, labels } from "../../../api/kubevirt/names.ts";
import { launchersInUse } from "../../../api/kubevirt/migration/migration.ts";
import { virtualMachineInstances } from "../../../api/kubevirt/resources.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { networksAnnotation } from "../../../api/network-attachments.ts";
import { isStatus, messageOf, StatusError, TerminalError } from "../../base/errors.ts";
import type { Client, ObjectKey } from "../../client/client.ts";
import type { EventRecorder } from "../../runtime/event-recorder.ts";
import { objectKey } from "../../runtime/object-key.ts";
import { withoutFinalizer } from "../../runtime/owner-references.ts";
import type { FindAutoLimits } from "./launcher/auto-limits.ts";
import { computeContainer } from "./launcher/launcher.ts";
import { renderLauncherPod } from "./launcher/pod.ts";
import type { Action } from "./plan.ts";
import { renderStateClaim } from "./state-claim.ts";

/** For whoever makes launcher pods. */
export interface LauncherContext {
  client: Client;
  events: EventRecorder;
  /** The image whose QEMU they run. */
  launcherImage: string;
  imageVolumes: boolean;
  configuration: () => VirtConfiguration;
  autoLimits: FindAutoLimits;
}

export interface ExecuteContext extends LauncherContext {
  /** Why pods could not be created, by VMI key: shown in the VMI's status. */
  createFailures: Map<string, string>;
}

export async function execute(context: ExecuteContext, action: Action, signal: AbortSignal): Promise<void> {
  if (action.type === "createPod") await createPod(context, action, signal);
  else if (action.type === "createStateClaim") await createStateClaim(context, action, signal);
  else if (action.type === "deletePod") await deletePod(context, action, signal);
  else if (action.type === "removeLoser") await removeLoser(context, action, signal);
  else if (action.type === "setPodCondition") await setPodCondition(context, action, signal);
  else if (action.type === "resizePod") await resizePod(context, action, signal);
  else if (action.type === "tellRoom") await tellRoom(context, action, signal);
  else if (action.type === "setNetworks") await setNetworks(context, action, signal);
  else if (action.type === "labelNode") await labelNode(context, action, signal);
  else await removeFinalizer(context, action, signal);
}

type ActionOf<T extends Action["type"]> = Extract<Action, { type: T }>;

async function createPod(context: ExecuteContext, action: ActionOf<"createPod">, signal: AbortSignal): Promise<void> {
  const { client, events, createFailures } = context;
  const { vmi } = action;
  if (!(await isStillWanted(client, vmi, signal))) return;
  try {
    const pod = renderLauncherPod(vmi, {
      ...action,
      launcherImage: context.launcherImage,
      imageVolumes: context.imageVolumes,
      configuration: context.configuration(),
      autoLimits: await context.autoLimits(vmi.metadata?.namespace ?? "", signal),
    });
    const created = await client.create(pods, pod, { signal });
    createFailures.delete(objectKey(vmi));
    events.record(vmi, "Normal", "SuccessfulCreate", `Created virtual machine pod ${created.metadata?.name}`);
  } catch (error) {
    // The pod of an earlier attempt whose answer, or watch event, has not arrived.
    if (isStatus(error, "AlreadyExists")) return;
    if (signal.aborted) throw error;
    if (error instanceof StatusError || error instanceof TerminalError)
      createFailures.set(objectKey(vmi), messageOf(error));
    events.record(vmi, "Warning", "FailedCreate", `Error creating pod: ${messageOf(error)}`);
    throw error;
  }
}

async function createStateClaim(
  context: ExecuteContext,
  { vmi, name }: ActionOf<"createStateClaim">,
  signal: AbortSignal,
): Promise<void> {
  const claim = renderStateClaim(vmi, name, context.configuration());
  try {
    await context.client.create(persistentVolumeClaims, claim, { signal });
  } catch (error) {
    if (isStatus(error, "AlreadyExists")) return;
    if (error instanceof StatusError) context.createFailures.set(objectKey(vmi), messageOf(error));
    context.events.record(
      vmi,
      "Warning",
      "FailedBackendStorageCreate",
      `Error creating claim ${name}: ${messageOf(error)}`,
    );
    throw error;
  }
}

/** Asks the server, not the cache: a VMI that was deleted meanwhile must not get a pod beside its successor's. */
async function isStillWanted(client: Client, vmi: VirtualMachineInstance, signal: AbortSignal): Promise<boolean> {
  const { namespace, name = "", uid } = vmi.metadata ?? {};
  const current = await findInstance(client, { namespace, name }, signal);
  return current !== undefined && current.metadata?.uid === uid && current.metadata?.deletionTimestamp === undefined;
}

export async function findInstance(
  client: Client,
  key: ObjectKey,
  signal: AbortSignal,
): Promise<VirtualMachineInstance | undefined> {
  try {
    return await client.get(virtualMachineInstances, key, { signal });
  } catch (error) {
    if (isStatus(error, "NotFound")) return undefined;
    throw error;
  }
}

async function deletePod(context: ExecuteContext, action: ActionOf<"deletePod">, signal: AbortSignal): Promise<void> {
  const { pod, vmi, gracePeriodSeconds } = action;
  const { namespace, name = "", uid } = pod.metadata ?? {};
  try {
    await context.client.delete(pods, { namespace, name }, { gracePeriodSeconds, preconditions: { uid }, signal });
    context.events.record(vmi, "Normal", "SuccessfulDelete", `Deleted virtual machine pod ${name}`);
  } catch (error) {
    if (isStatus(error, "NotFound", "Conflict")) return;
    context.events.record(vmi, "Warning", "FailedDelete", `Error deleting pod ${name}: ${messageOf(error)}`);
    throw error;
  }
}

/** Enough for its container to end in order: no guest runs in it. */
const loserGraceSeconds = 2;

/** Asks the server, not the copy: what lost an earlier migration may be an end of the next. */
async function removeLoser(context: ExecuteContext, { vmi, pod }: ActionOf<"removeLoser">, signal: AbortSignal) {
  const { namespace, name = "", uid } = vmi.metadata ?? {};
  const current = await findInstance(context.client, { namespace, name }, signal);
  if (current === undefined || current.metadata?.uid !== uid) return;
  if (launchersInUse(current)?.includes(pod.metadata?.name ?? "")) return;
  await deletePod(context, { type: "deletePod", vmi, pod, gracePeriodSeconds: loserGraceSeconds }, signal);
}

/** Merged by its type: the kubelet writes the same list. */
async function setPodCondition(
  { client }: ExecuteContext,
  { pod, condition }: ActionOf<"setPodCondition">,
  signal: AbortSignal,
): Promise<void> {
  const { namespace, name = "", uid } = pod.metadata ?? {};
  const body = { metadata: { uid }, status: { conditions: [condition] } };
  try {
    await client.patch(pods, { namespace, name }, { type: "strategic", body }, { subresource: "status", signal });
  } catch (error) {
    if (!isStatus(error, "NotFound", "Conflict")) throw error;
  }
}

/** Merged by the container's name. What else it asks for stays. */
async function resizePod(context: ExecuteContext, action: ActionOf<"resizePod">, signal: AbortSignal): Promise<void> {
  const { pod, vmi, resources } = action;
  const { namespace, name = "" } = pod.metadata ?? {};
  const body = { spec: { containers: [{ name: computeContainer, resources }] } };
  try {
    await context.client.patch(
      pods,
      { namespace, name },
      { type: "strategic", body },
      { subresource: "resize", signal },
    );
    context.events.record(vmi, "Normal", "SuccessfulResize", `Resized virtual machine pod ${name}`);
  } catch (error) {
    if (isStatus(error, "NotFound")) return;
    context.events.record(vmi, "Warning", "FailedResize", `Error resizing pod ${name}: ${messageOf(error)}`);
    throw error;
  }
}

async function tellRoom({ client }: ExecuteContext, action: ActionOf<"tellRoom">, signal: AbortSignal): Promise<void> {
  const { namespace, name = "", uid } = action.pod.metadata ?? {};
  const body = { metadata: { uid, annotations: action.room } };
  await client.patch(pods, { namespace, name }, { type: "merge", body }, { signal });
}

async function setNetworks(
  { client }: ExecuteContext,
  { pod, networks }: ActionOf<"setNetworks">,
  signal: AbortSignal,
): Promise<void> {
  const { namespace, name = "", uid } = pod.metadata ?? {};
  const body = { metadata: { uid, annotations: { [networksAnnotation]: networks } } };
  try {
    await client.patch(pods, { namespace, name }, { type: "merge", body }, { signal });
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
  }
}

async function labelNode(context: ExecuteContext, action: ActionOf<"labelNode">, signal: AbortSignal): Promise<void> {
  const { namespace, name = "", uid } = action.vmi.metadata ?? {};
  const body = { metadata: { uid, labels: { [labels.nodeName]: action.nodeName } } };
  await context.client.patch(virtualMachineInstances, { namespace, name }, { type: "merge", body }, { signal });
}

/** Asks the server whether a pod is left: one just created may not be in the copy yet. Its end brings us here again. */
async function removeFinalizer(
  { client }: ExecuteContext,
  { vmi }: ActionOf<"removeFinalizer">,
  signal: AbortSignal,
): Promise<void> {
  const { namespace, uid } = vmi.metadata ?? {};
  const left = await client.list(pods, { namespace, labelSelector: `${labels.createdBy}=${uid}`, signal });
  if (left.items.length > 0) return;
  try {
    await client.update(virtualMachineInstances, withoutFinalizer(vmi, finalizers.virtualMachineInstance), { signal });
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
  }
}
