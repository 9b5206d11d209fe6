/** objectgraph: what a machine or an instance depends on. */
import { pods } from "../../../api/core.ts";
import { labels } from "../../../api/kubevirt/names.ts";
import {
  type GraphNode,
  type GraphOptions,
  graphOfInstance,
  graphOfMachine,
  pruned,
} from "../../../api/kubevirt/object-graph.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import type { LabelSelector } from "../../../api/meta.ts";
import { selects } from "../../apimachinery/selector/selects.ts";
import { validateLabelSelector } from "../../apimachinery/selector/validate-label-selector.ts";
import { StatusError } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import { type Answer, type ExtensionContext, jsonAnswer, type SubresourceRequest } from "./context.ts";
import { findVmi, getVm, getVmi } from "./objects.ts";
import { flagOption, objectOption } from "./options.ts";

export async function machineGraph({ client }: ExtensionContext, request: SubresourceRequest): Promise<Answer> {
  const [vm, vmi] = await Promise.all([getVm(client, request), findVmi(client, request)]);
  return answer(graphOfMachine(vm, vmi, vmi ? await launchersOf(client, vmi) : []), request.body);
}

export async function instanceGraph({ client }: ExtensionContext, request: SubresourceRequest): Promise<Answer> {
  const vmi = await getVmi(client, request);
  return answer(graphOfInstance(vmi, await launchersOf(client, vmi)), request.body);
}

async function launchersOf(client: Client, { metadata }: VirtualMachineInstance): Promise<string[]> {
  const labelSelector = `${labels.createdBy}=${metadata?.uid}`;
  const { items } = await client.list(pods, {
    ...(metadata?.namespace && { namespace: metadata.namespace }),
    labelSelector,
  });
  return items.map((pod) => pod.metadata?.name ?? "");
}

function answer(graph: GraphNode, body: unknown): Answer {
  const { includeOptionalNodes = true, labelSelector } = optionsIn(body);
  const isWanted = (node: GraphNode) =>
    (includeOptionalNodes || !node.optional) &&
    (labelSelector === undefined || selects(labelSelector, { metadata: { labels: node.labels } }));
  return jsonAnswer(pruned(graph, isWanted));
}

/** @throws StatusError BadRequest */
function optionsIn(body: unknown): GraphOptions {
  const includeOptionalNodes = flagOption(body, "includeOptionalNodes");
  const labelSelector: LabelSelector | undefined = objectOption(body, "labelSelector");
  const complaint = labelSelector && complaintAbout(labelSelector);
  if (complaint) throw new StatusError("BadRequest", complaint);
  return {
    ...(includeOptionalNodes !== undefined && { includeOptionalNodes }),
    ...(labelSelector && { labelSelector }),
  };
}

/** No schema has seen it. */
function complaintAbout(selector: LabelSelector): string | undefined {
  try {
    const [cause] = validateLabelSelector(selector, "labelSelector");
    return cause && `${cause.field}: ${cause.message}`;
  } catch (error) {
    if (error instanceof TypeError) return `labelSelector: ${JSON.stringify(selector)} is no label selector`;
    throw error;
  }
}
