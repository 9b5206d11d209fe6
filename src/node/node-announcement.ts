/** Tells where this node's virtual machine API is, and that virtual machines may be placed here: on the Node object. */
import { type Node, nodes } from "../../api/core.ts";
import { annotations, labels } from "../../api/kubevirt/names.ts";
import type { Client } from "../client/client.ts";
import type { Informer } from "../client/informer.ts";
import type { Reconciler } from "../runtime/reconciler.ts";

interface Wanted {
  annotations: Record<string, string>;
  labels: Record<string, string>;
}

export function createAnnouncer(client: Client, informer: Informer<Node>, endpoint: string): Reconciler<Node, string> {
  const wanted: Wanted = {
    annotations: { [annotations.agentEndpoint]: endpoint },
    labels: { [labels.schedulable]: "true" },
  };
  return {
    name: "node-announcement",
    observe: (name) => Promise.resolve(informer.get(undefined, name)),
    plan: (node) => (announces(node, wanted) ? [] : [node.metadata?.name ?? ""]),
    async execute(name, signal) {
      await client.patch(nodes, { name }, { type: "merge", body: { metadata: wanted } }, { signal });
    },
  };
}

export function announces(node: Node, wanted: Wanted): boolean {
  return (["annotations", "labels"] as const).every((field) =>
    Object.entries(wanted[field]).every(([name, value]) => node.metadata?.[field]?.[name] === value),
  );
}
