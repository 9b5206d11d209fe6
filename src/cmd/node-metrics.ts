/** The metrics of the one node that an embedded instance has. */
import { text } from "node:stream/consumers";
import { nodes } from "../../api/core.ts";
import { annotations } from "../../api/kubevirt/names.ts";
import type { MetricSource } from "../telemetry/source.ts";
import { send } from "../extension/subresources/agent.ts";
import type { ExtensionContext } from "../extension/subresources/context.ts";

export function nodeMetricsSource({ client, agentTls }: Pick<ExtensionContext, "client" | "agentTls">): MetricSource {
  return {
    name: "agent",
    async text() {
      const { items } = await client.list(nodes, { limit: 1 });
      const endpoint = new URL(items[0]?.metadata?.annotations?.[annotations.agentEndpoint] ?? "");
      const upstream = { host: endpoint.hostname, port: Number(endpoint.port), path: "/metrics", tls: agentTls() };
      const response = await send(upstream, "GET", undefined);
      if (response.statusCode !== 200) throw new Error(`the agent answers ${response.statusCode}`);
      return text(response);
    },
  };
}
