/** evacuate/cancel: a machine that an eviction marked stays where it is; a migration under way is aborted by deleting it. */
import { virtualMachineInstances } from "../../../api/kubevirt/resources.ts";
import { StatusError } from "../../base/errors.ts";
import type { JsonPatchOperation } from "../../client/client.ts";
import { accepted, type Answer, type ExtensionContext, type SubresourceRequest } from "./context.ts";
import { getVm, getVmi } from "./objects.ts";
import { isDryRun, textOption } from "./options.ts";

const path = "/status/evacuationNodeName";

export async function cancelEvacuationOfVm(context: ExtensionContext, request: SubresourceRequest): Promise<Answer> {
  await getVm(context.client, request);
  return cancelEvacuation(context, request);
}

/** A node may be named, so that a later evacuation from another one is not cancelled by chance; virtctl names none. */
export async function cancelEvacuation({ client }: ExtensionContext, request: SubresourceRequest): Promise<Answer> {
  const { namespace, name, body } = request;
  const node = textOption(body, "evacuationNodeName");
  const vmi = await getVmi(client, { namespace, name });
  const marked = vmi.status?.evacuationNodeName;
  // Asked twice, or arrived already.
  if (!marked) return accepted;
  if (node && marked !== node)
    throw new StatusError(
      "Conflict",
      `Operation cannot be fulfilled on virtualmachineinstance.kubevirt.io "${name}": it is to leave the node ${marked}, not ${node}`,
    );
  const operations: JsonPatchOperation[] = [
    { op: "test", path, value: marked },
    { op: "remove", path },
  ];
  const options = { subresource: "status", dryRun: isDryRun(request) } as const;
  await client.patch(virtualMachineInstances, { namespace, name }, { type: "json", body: operations }, options);
  return accepted;
}
