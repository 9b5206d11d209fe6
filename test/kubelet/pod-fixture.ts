/** A node for the tests of one file, and short words for what they do with pods. */
import { after, before } from "node:test";
import { type Container, events, type Pod } from "../../api/core.ts";
import { watchUntil } from "../../src/client/wait-for.ts";
import { eventually, patience } from "../embedded/instance.ts";
import { firstPortOf } from "../embedded/instance-ports.ts";
import { type Environment, kubeletsNumber, startEnvironment } from "./environment.ts";

export let node: Environment;
export const firstPort = firstPortOf(kubeletsNumber);

/** Gives the file a node; `index` keeps the ports and addresses of files apart that run side by side. */
export function useNode(instance: string, index: number): void {
  before(async () => {
    node = await startEnvironment({
      instance,
      apiPort: firstPort + 443 + index,
      kubeletPort: firstPort + 250 + index,
      podCidr: `10.15.${index}.0/24`,
      serviceCidr: "10.25.0.0/16",
    });
    await node.startKubelet();
  });
  after(() => node.stop());
}

export const namespace = "default";

export function container(extra: Partial<Container> = {}): Container {
  return { name: "main", image: node.busybox, command: ["sleep", "1000"], ...extra };
}

export const shell = (script: string): string[] => ["sh", "-c", script];
export const isReady = (pod: Pod): boolean =>
  pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true;
export const statusOf = (pod: Pod, index = 0) => pod.status?.containerStatuses?.[index];

export async function runReady(name: string, spec: Parameters<Environment["run"]>[1], metadata = {}): Promise<Pod> {
  await node.run(name, spec, metadata);
  return await node.podUntil(name, "ready", isReady);
}

export const inside = (pod: string, script: string): Promise<string> =>
  node.kubectl("exec", pod, "--", "sh", "-c", script);
export const remove = (pod: string): Promise<string> => node.kubectl("delete", "pod", pod);

/** What a container says or writes comes a moment after it is ready. */
export async function untilText(look: () => Promise<string>, wanted: string): Promise<void> {
  let seen = "";
  const isThere = async (): Promise<true | undefined> => {
    seen = await look();
    return seen === wanted || undefined;
  };
  await eventually(JSON.stringify(wanted), 30_000, isThere, () => `there is ${JSON.stringify(seen)}`);
}

export async function eventUntil(pod: string, reason: string): Promise<void> {
  await watchUntil(node.client, events, { namespace, timeoutMs: 60_000 * patience }, (all) =>
    all.find((event) => event.involvedObject.name === pod && event.reason === reason),
  );
}
