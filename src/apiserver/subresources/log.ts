/** GET pods/log: what the kubelet kept of a container's output. */
import { relayGet } from "../proxy/relay.ts";
import type { Call } from "../verbs/call.ts";
import { podTarget } from "./pod-target.ts";

const passedOn = ["follow", "previous", "sinceSeconds", "sinceTime", "timestamps", "tailLines", "limitBytes"];

export async function readLog(call: Call): Promise<void> {
  const { namespace, pod, node, container } = await podTarget(call, true);
  const query = new URLSearchParams([...call.query].filter(([key]) => passedOn.includes(key)));
  const path = `/containerLogs/${namespace}/${pod}/${container}?${query.toString()}`;
  await relayGet(await call.api.kubelets.upstream(node, path), call.response);
}
