/** Registers the node, keeps its status current and renews its lease: how the cluster knows that we live. */
import { isDeepStrictEqual } from "node:util";
import { leases } from "../../../api/coordination.ts";
import { type Node, nodes } from "../../../api/core.ts";
import { isStatus } from "../../base/errors.ts";
import type { KubeletContext } from "../context.ts";
import { every } from "../every.ts";
import { getIfThere } from "../references.ts";
import { collectFacts } from "./collect-facts.ts";
import { nodeStatus } from "./node-status.ts";

const leaseNamespace = "kube-node-lease";
const leaseSeconds = 40;
const leaseEveryMs = 10_000;
const statusEveryMs = 10_000;
/** Without any change the status is written this often. */
const heartbeatMs = 300_000;

export function runNodeAgent(context: KubeletContext, signal: AbortSignal): void {
  let writtenMs = 0;
  every(context.log, "report node status", statusEveryMs, signal, async () => {
    const due = Date.now() - writtenMs > heartbeatMs;
    if (await reportNode(context, due)) {
      writtenMs = Date.now();
    }
  });
  every(context.log, "renew node lease", leaseEveryMs, signal, () => renewLease(context));
}

/** @returns whether something was written */
async function reportNode(context: KubeletContext, force: boolean): Promise<boolean> {
  const { client, nodeName } = context;
  const facts = await collectFacts(context.cri, context.rootDir);
  const known = (await getIfThere(client, nodes, undefined, nodeName)) ?? (await register(context, facts.hostname));
  const node = await labelled(context, known, facts.hostname);
  const status = nodeStatus(facts, context, node.status, Date.now());
  if (!force && isDeepStrictEqual(comparable(status), comparable(node.status ?? {}))) {
    return false;
  }
  await client.updateStatus(nodes, { ...node, status });
  return true;
}

/** Times and free-running numbers do not count as change. */
function comparable(status: NonNullable<Node["status"]>): unknown {
  const conditions = (status.conditions ?? []).map((condition) => ({ ...condition, lastHeartbeatTime: undefined }));
  return JSON.parse(JSON.stringify({ ...status, conditions }));
}

async function register(context: KubeletContext, hostname: string): Promise<Node> {
  const node: Node = {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: context.nodeName, labels: labelsOf(context, hostname) },
    spec: { podCIDR: context.podCidrs[0], podCIDRs: [...context.podCidrs] },
  };
  try {
    return await context.client.create(nodes, node);
  } catch (error) {
    if (isStatus(error, "AlreadyExists")) {
      return await context.client.get(nodes, { name: context.nodeName });
    }
    throw error;
  }
}

function labelsOf(context: KubeletContext, hostname: string): Record<string, string> {
  const architecture = process.arch === "x64" ? "amd64" : process.arch;
  return {
    "kubernetes.io/hostname": hostname,
    "kubernetes.io/os": "linux",
    "kubernetes.io/arch": architecture,
    "node.kubernetes.io/instance-type": "vmpod",
    ...context.nodeLabels,
  };
}

/** An earlier version may have registered the node with other labels. */
async function labelled(context: KubeletContext, node: Node, hostname: string): Promise<Node> {
  const wanted = labelsOf(context, hostname);
  const differs = Object.entries(wanted).some(([key, value]) => node.metadata?.labels?.[key] !== value);
  if (!differs) {
    return node;
  }
  const body = { metadata: { labels: wanted } };
  return await context.client.patch(nodes, { name: context.nodeName }, { type: "merge", body });
}

async function renewLease(context: KubeletContext): Promise<void> {
  const { client, nodeName } = context;
  const key = { namespace: leaseNamespace, name: nodeName };
  const renewTime = new Date().toISOString().replace("Z", "000Z");
  const spec = { holderIdentity: nodeName, leaseDurationSeconds: leaseSeconds, renewTime };
  try {
    await client.patch(leases, key, { type: "merge", body: { spec } });
  } catch (error) {
    if (!isStatus(error, "NotFound")) {
      throw error;
    }
    const metadata = { ...key };
    await client.create(leases, { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, spec });
  }
}
