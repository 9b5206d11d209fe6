/** pods/exec, pods/attach and pods/portforward: streams between the client and the kubelet. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { StatusError } from "../../base/errors.ts";
import { proxyStream } from "../../streams/proxy-stream.ts";
import type { Call } from "../verbs/call.ts";
import { podTarget } from "./pod-target.ts";

export interface Upgrade {
  request: IncomingMessage;
  socket: Duplex;
  head: Buffer;
}

export type StreamHandler = (call: Call, upgrade: Upgrade) => Promise<void>;

export const execStream: StreamHandler = (call, upgrade) => containerStream(call, upgrade, "exec");
export const attachStream: StreamHandler = (call, upgrade) => containerStream(call, upgrade, "attach");

export const portForwardStream: StreamHandler = async (call, upgrade) => {
  const { namespace, pod, node } = await podTarget(call, false);
  await toKubelet(call, upgrade, node, `/portForward/${namespace}/${pod}`, portQuery(call.query));
};

/** The kubelet's own names for the streams. */
const streamFlags = { stdin: "input", stdout: "output", stderr: "error", tty: "tty" } as const;

async function containerStream(call: Call, upgrade: Upgrade, action: "exec" | "attach"): Promise<void> {
  const { namespace, pod, node, container } = await podTarget(call, true);
  const query = new URLSearchParams();
  for (const [ours, theirs] of Object.entries(streamFlags)) if (isSet(call.query.get(ours))) query.set(theirs, "1");
  if (action === "exec") for (const word of call.query.getAll("command")) query.append("command", word);
  if (action === "exec" && !query.has("command"))
    throw new StatusError("BadRequest", "you must specify at least 1 command for the container");
  await toKubelet(call, upgrade, node, `/${action}/${namespace}/${pod}/${container}`, query);
}

function isSet(value: string | null): boolean {
  return value === "true" || value === "1";
}

function portQuery(query: URLSearchParams): URLSearchParams {
  return new URLSearchParams(query.getAll("ports").map((port): [string, string] => ["port", port]));
}

async function toKubelet(
  call: Call,
  { request, socket, head }: Upgrade,
  node: string,
  path: string,
  query: URLSearchParams,
): Promise<void> {
  const upstream = await call.api.kubelets.upstream(node, query.size > 0 ? `${path}?${query.toString()}` : path);
  await proxyStream(request, socket, head, upstream);
}
