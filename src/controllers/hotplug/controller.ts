/** Brings claims to the nodes of running machines, and takes them away again, as the machines' specs have them. */
import { type PersistentVolumeClaim, type Pod, pods } from "../../../api/core.ts";
import type { VirtConfiguration } from "../../../api/kubevirt/configuration.ts";
import { attachmentApp, hotpluggableVolumes, isUnmounted } from "../../../api/kubevirt/hotplug-volume.ts";
import { labels } from "../../../api/kubevirt/names.ts";
import { virtualMachineInstances } from "../../../api/kubevirt/resources.ts";
import { sameJson } from "../../../api/kubevirt/same-json.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import type { ObjectMeta } from "../../../api/meta.ts";
import { isStatus, messageOf } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import { createInformer } from "../../client/create-informer.ts";
import { deleteThis } from "../../client/delete-this.ts";
import type { Informer } from "../../client/informer.ts";
import type { EventRecorder } from "../../runtime/event-recorder.ts";
import { objectKey, parseObjectKey } from "../../runtime/object-key.ts";
import { controllerOf, isControlledBy } from "../../runtime/owner-references.ts";
import type { Reconciler } from "../../runtime/reconciler.ts";
import { enqueueOnChange, type ReconcilerLoop, runReconciler } from "../../runtime/run-reconciler.ts";
import type { LauncherPod } from "../virtualmachineinstance/launcher/launcher.ts";
import { launcherOf } from "../virtualmachineinstance/observation.ts";
import { podsOf } from "../virtualmachineinstance/observe.ts";
import type { Observation } from "./observation.ts";
import { type Action, plan } from "./plan.ts";
import { renderAttachment } from "./pod.ts";
import { decideVolumeStatus } from "./status.ts";

export interface HotplugInformers {
  vmis: Informer<VirtualMachineInstance>;
  pods: Informer<LauncherPod>;
  attachments: Informer<Pod>;
  claims: Informer<PersistentVolumeClaim>;
}

export interface HotplugControllerOptions {
  client: Client;
  informers: HotplugInformers;
  events: EventRecorder;
  launcherImage: string;
  configuration: () => VirtConfiguration;
  signal: AbortSignal;
}

const byMachine = "machine";

export const attachmentIndexes = { [byMachine]: (pod: Pod): string[] => [machineOf(pod)] };

export function createAttachmentInformer(client: Client): Informer<Pod> {
  return createInformer(client, pods, { labelSelector: `${labels.app}=${attachmentApp}`, indexes: attachmentIndexes });
}

const machineOf = (pod: Pod): string => `${pod.metadata?.namespace}/${controllerOf(pod)?.name}`;

/** By machine, then by volume: why the last attempt to make a pod was refused. */
type Failures = Map<string, ReadonlyMap<string, string>>;

export function createHotplugReconciler(options: HotplugControllerOptions): Reconciler<Observation, Action> {
  const failures: Failures = new Map();
  return {
    name: "hotplug",
    observe: (key) => {
      const observation = observe(options.informers, failures, key);
      if (observation === undefined) failures.delete(key);
      return Promise.resolve(observation);
    },
    plan,
    writeStatus: (observation, signal) => writeStatus(options, observation, signal),
    execute: async (action, signal) => {
      if (action.type === "deletePod") await deleteThis(options.client, pods, action.pod, { signal });
      else await createPod(options, failures, action, signal);
    },
  };
}

/** Undefined when there is nothing to plug, and nothing was. What a machine that is gone had goes with it. */
function observe(
  { vmis, pods, attachments, claims }: HotplugInformers,
  failures: Failures,
  key: string,
): Observation | undefined {
  const { namespace, name } = parseObjectKey(key);
  const vmi = vmis.get(namespace, name);
  if (vmi === undefined) return undefined;
  const own = attachments.byIndex(byMachine, key).filter((pod) => isControlledBy(pod, vmi));
  const volumes = hotpluggableVolumes(vmi.spec);
  if (volumes.length + own.length === 0 && !vmi.status?.volumeStatus?.some(isUnmounted)) return undefined;
  const found = volumes.flatMap(({ persistentVolumeClaim }) => {
    const claim = claims.get(namespace, persistentVolumeClaim?.claimName ?? "");
    return claim ? [[claim.metadata?.name ?? "", claim] as const] : [];
  });
  const launcher = launcherOf({ vmi, pods: podsOf(vmi, pods) });
  const createFailures = failures.get(key) ?? new Map<string, string>();
  return { vmi, launcher, attachments: own, claims: new Map(found), createFailures };
}

async function writeStatus(
  { client }: HotplugControllerOptions,
  observation: Observation,
  signal: AbortSignal,
): Promise<void> {
  const { vmi } = observation;
  const volumeStatus = decideVolumeStatus(observation);
  if (sameJson(volumeStatus, vmi.status?.volumeStatus ?? [])) return;
  try {
    await client.updateStatus(virtualMachineInstances, { ...vmi, status: { ...vmi.status, volumeStatus } }, { signal });
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
  }
}

async function createPod(
  { client, events, launcherImage, configuration }: HotplugControllerOptions,
  failures: Failures,
  action: Action & { type: "createPod" },
  signal: AbortSignal,
): Promise<void> {
  const { vmi, volume } = action;
  const key = objectKey(vmi);
  const others = new Map([...(failures.get(key) ?? [])].filter(([name]) => name !== volume.name));
  try {
    const pod = renderAttachment({ ...action, launcherImage, configuration: configuration() });
    await client.create(pods, pod, { signal });
    failures.set(key, others);
    const message = `Created attachment pod ${pod.metadata?.name}, for claim ${volume.claimName} of volume ${volume.name}`;
    events.record(vmi, "Normal", "SuccessfulCreate", message);
  } catch (error) {
    if (isStatus(error, "AlreadyExists") || signal.aborted) return;
    const message = `Error creating attachment pod for volume ${volume.name}: ${messageOf(error)}`;
    events.record(vmi, "Warning", "FailedCreate", message);
    failures.set(key, others.set(volume.name, messageOf(error)));
    throw error;
  }
}

export function startHotplugController(options: HotplugControllerOptions): ReconcilerLoop {
  const { informers, signal } = options;
  const loop = runReconciler(createHotplugReconciler(options), { signal });
  enqueueOnChange(loop, informers.vmis);
  enqueueOnChange(loop, informers.attachments, (pod) => [machineOf(pod)]);
  enqueueOnChange(loop, informers.claims, ({ metadata }) => pluggedWith(informers.vmis, metadata));
  return loop;
}

function pluggedWith(vmis: Informer<VirtualMachineInstance>, claim: ObjectMeta | undefined): string[] {
  const isNamed = ({ spec }: VirtualMachineInstance): boolean =>
    hotpluggableVolumes(spec).some((volume) => volume.persistentVolumeClaim?.claimName === claim?.name);
  return vmis.list(claim?.namespace).filter(isNamed).map(objectKey);
}
