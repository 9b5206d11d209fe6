/** exec, attach and port-forward: the runtime's streaming server does the work, bytes pass through untouched. */
import { StatusError } from "../../base/errors.ts";
import type { CriClient } from "../../cri/client.ts";
import type { Upstream } from "../../streams/upstream.ts";
import { findTarget, type PodTarget, runningContainer, type ServerContext } from "./target.ts";

type Opener = (cri: CriClient, target: PodTarget, query: URLSearchParams) => Promise<{ url: string }>;

const openers: Record<string, Opener> = { exec: openExec, attach: openAttach, portForward: openPortForward };

export const isStreamVerb = (verb: string): boolean => verb in openers;

/** Where to connect the client to. @throws StatusError */
export async function openStream(
  context: ServerContext,
  verb: string,
  path: string[],
  query: URLSearchParams,
): Promise<Upstream> {
  const open = openers[verb];
  if (open === undefined) {
    throw new StatusError("NotFound", `the kubelet has no stream ${JSON.stringify(verb)}`);
  }
  const { url } = await open(context.cri, await findTarget(context, path), query);
  const { hostname, port, pathname, search } = new URL(url);
  return { host: hostname, port: Number(port), path: `${pathname}${search}` };
}

/** The kubelet's own names and those of the pod's subresource. */
function flag(query: URLSearchParams, ...names: string[]): boolean {
  return names.some((name) => ["1", "true"].includes(query.get(name) ?? ""));
}

interface StreamFlags {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  tty: boolean;
}

function streamFlags(query: URLSearchParams): StreamFlags {
  const tty = flag(query, "tty");
  return {
    tty,
    stdin: flag(query, "input", "stdin"),
    stdout: flag(query, "output", "stdout"),
    stderr: !tty && flag(query, "error", "stderr"),
  };
}

function openExec(cri: CriClient, target: PodTarget, query: URLSearchParams): Promise<{ url: string }> {
  const containerId = runningContainer(target).id;
  return cri.runtime.exec({ containerId, cmd: query.getAll("command"), ...streamFlags(query) });
}

function openAttach(cri: CriClient, target: PodTarget, query: URLSearchParams): Promise<{ url: string }> {
  const { id: containerId, name } = runningContainer(target);
  const all = [...(target.pod.spec?.initContainers ?? []), ...(target.pod.spec?.containers ?? [])];
  const spec = all.find((container) => container.name === name);
  const flags = streamFlags(query);
  // A container has a terminal or has not: the client's wish does not change that.
  const tty = spec?.tty ?? false;
  return cri.runtime.attach({ containerId, ...flags, tty, stderr: flags.stderr && !tty });
}

async function openPortForward(
  cri: CriClient,
  { pod, runtime }: PodTarget,
  query: URLSearchParams,
): Promise<{ url: string }> {
  const sandbox = runtime.sandboxes.find(({ ready }) => ready);
  if (sandbox === undefined) {
    throw new StatusError("BadRequest", `pod "${pod.metadata?.name}" is not running: it has no network to forward to`);
  }
  const ports = [...query.getAll("port"), ...query.getAll("ports")].flatMap((port) => port.split(",")).map(Number);
  return await cri.runtime.portForward({ podSandboxId: sandbox.id, port: ports.filter((port) => port > 0) });
}
