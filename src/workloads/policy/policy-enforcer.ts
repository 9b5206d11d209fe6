/** Keeps the node's packet filter in step with NetworkPolicies and the pods that they name. */
import { isDeepStrictEqual } from "node:util";
import { namespaces, type Pod, pods } from "../../../api/core.ts";
import { networkPolicies } from "../../../api/networking.ts";
import { atIntervals } from "../../base/at-intervals.ts";
import { messageOf } from "../../base/errors.ts";
import { exec } from "../../base/exec.ts";
import { keepInStep } from "../../base/keep-in-step.ts";
import type { Logger } from "../../base/log.ts";
import type { Client } from "../../client/client.ts";
import { createInformer } from "../../client/create-informer.ts";
import { bridgeFilterAvailable } from "../../network/pod-bridge.ts";
import { createBurials } from "../../runtime/burials.ts";
import type { EventRecorder } from "../../runtime/event-recorder.ts";
import { type Isolation, isolations } from "./isolation.ts";
import { renderPolicies } from "./ruleset.ts";

export interface PolicyEnforcerOptions {
  client: Client;
  /** Name of the nft table. */
  table: string;
  /** The bridge of the pods. */
  bridge: string;
  /** The networks of the pods, one for each family that they have. */
  podCidrs: readonly string[];
  events: EventRecorder;
  log: Logger;
  signal: AbortSignal;
}

export interface PolicyEnforcer {
  /**
   * To be called with a new pod's addresses before its first container runs: resolves when the policies hold for it.
   * Its status tells the addresses only later, and until then nothing would keep it from anyone.
   */
  admit(pod: Pod, addresses: readonly string[]): Promise<void>;
}

/** A burst of changes becomes one transaction. */
const settleMs = 20;
const retryMs = 1_000;
/** Somebody may have removed the table, as a firewall that loads its own rules does. */
const repairEveryMs = 60_000;
const notEnforced =
  "pods of one node reach each other regardless: the kernel does not show bridged packets, load br_netfilter and restart vmpod";

export function startPolicyEnforcer(options: PolicyEnforcerOptions): PolicyEnforcer {
  const { client, signal, log, events } = options;
  const informers = {
    policies: createInformer(client, networkPolicies),
    namespaces: createInformer(client, namespaces),
    pods: createInformer(client, pods, { keep: whatDecides }),
  };
  /** Pods whose status does not tell their addresses yet, by uid. */
  const admitted = new Map<string, Pod>();
  const burials = createBurials();
  const synced = Promise.all(Object.values(informers).map((informer) => informer.synced()));
  let applied: string | undefined;

  function wanted(): Isolation[] {
    const current = informers.pods.list().map((pod) => withAddress(pod, admitted));
    const known = new Set(current.map(uidOf));
    const all = [...current, ...[...admitted.values()].filter((pod) => !known.has(uidOf(pod)))];
    return isolations({ policies: informers.policies.list(), namespaces: informers.namespaces.list(), pods: all });
  }

  async function apply(): Promise<void> {
    await synced;
    const text = renderPolicies(wanted(), options);
    if (text === applied) return;
    await exec(["nft", "-f", "-"], { input: text });
    applied = text;
  }

  const onError = (error: unknown) =>
    log.error({ error: messageOf(error) }, "cannot update the rules of the network policies; trying again");
  const rules = keepInStep({ work: apply, settleMs, retryMs, onError, signal });

  informers.pods.onChange(({ type, object }) => {
    const isTold = isDeepStrictEqual(object.status?.podIPs, admitted.get(uidOf(object))?.status?.podIPs);
    if (type === "deleted" || isTold) admitted.delete(uidOf(object));
    if (type === "deleted") burials.bury(uidOf(object));
  });
  informers.policies.onChange(({ type, object }) => {
    if (type === "added" && !bridgeFilterAvailable()) events.record(object, "Warning", "NotEnforced", notEnforced);
  });
  for (const informer of Object.values(informers)) {
    informer.onChange(rules.changed);
    informer.start(signal);
  }
  rules.changed();
  atIntervals(repairEveryMs, signal, () => {
    applied = undefined;
    rules.changed();
  });

  return {
    async admit(pod, addresses) {
      const [podIP] = addresses;
      if (pod.spec?.hostNetwork === true || podIP === undefined) return;
      await synced;
      // Of one that was removed by force while its image was pulled nobody would ever say that it is gone, and its address be another's.
      if (burials.has(uidOf(pod))) return;
      const { metadata, spec } = whatDecides(pod);
      admitted.set(uidOf(pod), { metadata, spec, status: { podIP, podIPs: addresses.map((ip) => ({ ip })) } });
      if (wanted().some(({ address }) => addresses.includes(address))) await rules.now();
      else rules.changed();
    },
  };
}

const uidOf = (pod: Pod): string => pod.metadata?.uid ?? "";

function withAddress(pod: Pod, admitted: ReadonlyMap<string, Pod>): Pod {
  const newer = admitted.get(uidOf(pod))?.status;
  return newer === undefined ? pod : { ...pod, status: { ...pod.status, ...newer } };
}

function whatDecides({ metadata, spec, status }: Pod): Pod {
  const { name, namespace, uid, resourceVersion, creationTimestamp, labels } = metadata ?? {};
  const portsOf = ({ name, image, ports }: NonNullable<Pod["spec"]>["containers"][number]) => ({ name, image, ports });
  return {
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp, labels },
    spec: {
      hostNetwork: spec?.hostNetwork,
      initContainers: spec?.initContainers?.map(portsOf),
      containers: (spec?.containers ?? []).map(portsOf),
    },
    status: { phase: status?.phase, podIP: status?.podIP, podIPs: status?.podIPs },
  };
}
