/**
 * pods/eviction of launcher pods: a machine that can migrate is evacuated, not stopped (rules in api/kubevirt/eviction.ts).
 *
 * An eviction names only the pod, and every eviction of the cluster comes by here: pods that are none of ours are let
 * go by their name, without a question to the API.
 */
import type { AdmissionPlugin, AdmissionRequest } from "../../../api/admission.ts";
import { type Pod, pods } from "../../../api/core.ts";
import type { ConfigurationSource } from "../../../api/kubevirt/configuration.ts";
import { mayEvict } from "../../../api/kubevirt/eviction.ts";
import { annotations, labels, launcherApp } from "../../../api/kubevirt/names.ts";
import { virtualMachineInstances } from "../../../api/kubevirt/resources.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { messageOf, StatusError } from "../../base/errors.ts";
import type { Client, Patch } from "../../client/client.ts";
import { isControlledBy } from "../../runtime/owner-references.ts";
import { unlessNotFound } from "../../client/unless-not-found.ts";

export interface EvictionContext {
  client: Client;
  configuration: ConfigurationSource;
}

export function launcherEvictionPlugin(context: EvictionContext): AdmissionPlugin {
  return {
    name: "LauncherEviction",
    matches: ({ operation, resource, subresource, name }) =>
      operation === "CREATE" &&
      resource.group === "" &&
      resource.plural === "pods" &&
      subresource === "eviction" &&
      name.startsWith(`${launcherApp}-`),
    async validate(request) {
      const launcher = await attempt("finding the machine of the pod", () => findLauncher(context.client, request));
      if (launcher === undefined) return [];
      const { vmi, nodeName } = launcher;
      const verdict = mayEvict(vmi, { nodeName }, context.configuration());
      if (verdict.verdict === "evict") return [];
      const marked = verdict.verdict === "evacuate" ? verdict.nodeName : undefined;
      if (marked !== undefined && !request.dryRun)
        await attempt("marking the vmi for eviction", () => markForEvacuation(context.client, vmi, marked));
      throw notNow(verdict.message);
    },
  };
}

interface Launcher {
  vmi: VirtualMachineInstance;
  nodeName: string | undefined;
}

/** Undefined when the pod is no running launcher, or its machine is gone. */
async function findLauncher(client: Client, request: AdmissionRequest): Promise<Launcher | undefined> {
  const { namespace, name } = request;
  const pod = await unlessNotFound(client.get(pods, { namespace, name }));
  if (pod === undefined || !isRunningLauncher(pod)) return undefined;
  const vmiName = pod.metadata?.annotations?.[annotations.domain] ?? pod.metadata?.labels?.[labels.vmName];
  const vmi = vmiName && (await unlessNotFound(client.get(virtualMachineInstances, { namespace, name: vmiName })));
  if (!vmi || !isControlledBy(pod, vmi)) return undefined;
  return { vmi, nodeName: pod.spec?.nodeName };
}

function isRunningLauncher({ metadata, status }: Pod): boolean {
  const ended = status?.phase === "Succeeded" || status?.phase === "Failed";
  return metadata?.labels?.[labels.app] === launcherApp && !ended;
}

async function markForEvacuation(client: Client, vmi: VirtualMachineInstance, nodeName: string): Promise<void> {
  const { namespace, name = "", uid } = vmi.metadata ?? {};
  const sameMachine = { op: "test", path: "/metadata/uid", value: uid } as const;
  const mark = { op: "add", path: "/status/evacuationNodeName", value: nodeName } as const;
  const patch: Patch = { type: "json", body: [sameMachine, mark] };
  await client.patch(virtualMachineInstances, { namespace, name }, patch, { subresource: "status" });
}

/** Whoever evicts asks again after 429, and only after 429. */
async function attempt<T>(what: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw notNow(`vmpod failed ${what}: ${messageOf(error)}`);
  }
}

function notNow(message: string): StatusError {
  return new StatusError("TooManyRequests", message);
}
