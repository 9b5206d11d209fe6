/** What scenarios look at, without what differs from run to run. */
import { pods } from "../../api/core.ts";
import { labels } from "../../api/kubevirt/names.ts";
import { virtualMachineInstances, virtualMachines } from "../../api/kubevirt/resources.ts";
import type { KubeObject, Resource } from "../../api/meta.ts";
import { compileJsonPath } from "../../src/apiserver/crd/json-path.ts";
import { messageOf } from "../../src/base/errors.ts";
import { patience } from "../embedded/instance.ts";
import { waitFor, watchUntil } from "../../src/client/wait-for.ts";
import type { Target } from "./target.ts";

/** For a guest to boot, on an emulated processor that it shares. */
export const bootMs = 240_000;
export const stopMs = 180_000;

/** Watches: nothing is missed between two looks, and looking costs a busy machine nothing. */
export async function becomes(target: Target, object: string, path: string, value: string, timeoutMs = bootMs) {
  const find = compileJsonPath(path);
  await watched(target, object, timeoutMs, `${path} is ${JSON.stringify(value)}`, (it) => textOf(find(it)) === value);
}

/** Once what is there matches. */
export async function comesToMatch(target: Target, object: string, path: string, wanted: RegExp) {
  const find = compileJsonPath(path);
  await watched(target, object, bootMs, `${path} matches ${wanted}`, (it) => wanted.test(textOf(find(it))));
}

const kinds: Record<string, Resource> = { vm: virtualMachines, vmi: virtualMachineInstances, pod: pods };

async function watched(
  target: Target,
  object: string,
  timeoutMs: number,
  what: string,
  holds: (object: KubeObject | undefined) => boolean,
): Promise<void> {
  const [kind = "", name = ""] = object.split("/");
  const resource = kinds[kind];
  if (resource === undefined) throw new Error(`${object}: of which kind?`);
  try {
    await waitFor(target.client, resource, { namespace: "default", name }, holds, { timeoutMs: timeoutMs * patience });
  } catch (error) {
    const { stdout } = await target.tryKubectl(["get", "vm,vmi,pods", "-o", "wide"]);
    throw new Error(`${target.name}: ${object} ${what}: ${messageOf(error)}\n${stdout}`, { cause: error });
  }
}

/** As kubectl prints it. */
function textOf(values: unknown[]): string {
  return values.map((value) => (typeof value === "string" ? value : JSON.stringify(value))).join(" ");
}

export async function isGone(target: Target, object: string): Promise<void> {
  await watched(target, object, stopMs, "is gone", (it) => it === undefined);
}

export async function launchersAreGone(target: Target, name: string): Promise<void> {
  const options = { namespace: "default", labelSelector: launcherSelector(name), timeoutMs: stopMs * patience };
  await watchUntil(target.client, pods, options, isEmpty);
}

/** No instance, and no launcher pod. */
export async function nothingRuns(target: Target): Promise<void> {
  const options = { namespace: "default", timeoutMs: stopMs * patience };
  await watchUntil(target.client, virtualMachineInstances, options, isEmpty);
  await watchUntil(target.client, pods, { ...options, labelSelector: `${labels.app}=virt-launcher` }, isEmpty);
}

const isEmpty = (found: unknown[]): true | undefined => found.length === 0 || undefined;

/** Running, and its guest agent connected. @returns the instance's uid */
export async function answers(target: Target, name: string): Promise<string> {
  await becomes(target, `vmi/${name}`, conditionPath("AgentConnected"), "True");
  return await target.fieldOf(`vmi/${name}`, ".metadata.uid");
}

export const conditionPath = (type: string): string => `.status.conditions[?(@.type=="${type}")].status`;

/** `Ready=True`, `Paused=True (PausedByUser)` ... in alphabetical order. */
export async function conditionsOf(target: Target, object: string): Promise<string[]> {
  const { status } = await read(target, object);
  const conditions = (status?.["conditions"] ?? []) as { type: string; status: string; reason?: string }[];
  return conditions.map(({ type, status: value, reason }) => `${type}=${value}${reason ? ` (${reason})` : ""}`).sort();
}

export interface Seen {
  metadata: { name: string; uid: string; labels?: Record<string, string>; finalizers?: string[] };
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
}

export async function read(target: Target, object: string): Promise<Seen> {
  return JSON.parse(await target.kubectl("get", object, "-o", "json")) as Seen;
}

export const launcherSelector = (name: string): string => `vm.kubevirt.io/name=${name}`;

/** The launcher pod that is not ending. */
export async function launcherOf(target: Target, name: string): Promise<Seen> {
  const list = await target.kubectl("get", "pods", "-l", launcherSelector(name), "-o", "json");
  const { items } = JSON.parse(list) as { items: (Seen & { metadata: { deletionTimestamp?: string } })[] };
  const live = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const [pod] = live;
  if (pod === undefined || live.length > 1) throw new Error(`${target.name}: ${live.length} launcher pods of ${name}`);
  return pod;
}

/** Distinct reasons, in the order of their first appearance by name. */
export async function eventReasons(target: Target, kind: string, name: string): Promise<string[]> {
  const selector = `involvedObject.kind=${kind},involvedObject.name=${name}`;
  const path = "{.items[*].reason}";
  const reasons = await target.kubectl("get", "events", "--field-selector", selector, "-o", `jsonpath=${path}`);
  return [...new Set(reasons.split(" "))].sort();
}

/** A refusal by its last line, without the words that depend on who asked whom. */
export function refusal({ status, stderr }: { status: number | null; stderr: string }): string {
  if (status === 0) return "accepted";
  return (stderr.trim().split("\n").at(-1) ?? "").replace(/^(error|Error from server \([A-Za-z ]+\)): /, "");
}
