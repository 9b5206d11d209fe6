/** What node agents have written on Node objects. */
import { type Node, nodes } from "../../../api/core.ts";
import type { Client } from "../../client/client.ts";

/** Labels and annotations of our domains. */
const ours = /^([a-z0-9-]+\.)*(kubevirt\.io|vmpod\.dev)\//;

/** A merge patch that removes them; undefined when there are none. Pure. */
export function withoutTraces({ metadata }: Node): object | undefined {
  const labels = removed(metadata?.labels);
  const annotations = removed(metadata?.annotations);
  if (labels === undefined && annotations === undefined) return undefined;
  return { metadata: { ...(labels && { labels }), ...(annotations && { annotations }) } };
}

function removed(entries: Record<string, string> = {}): Record<string, null> | undefined {
  const keys = Object.keys(entries).filter((key) => ours.test(key));
  return keys.length === 0 ? undefined : Object.fromEntries(keys.map((key) => [key, null]));
}

export async function removeNodeTraces(client: Client): Promise<number> {
  const { items } = await client.list(nodes);
  const patches = items.flatMap((node) => {
    const body = withoutTraces(node);
    return body === undefined ? [] : [{ name: node.metadata?.name ?? "", body }];
  });
  for (const { name, body } of patches) await client.patch(nodes, { name }, { type: "merge", body });
  return patches.length;
}
