/** What scenarios look at, without what differs from run to run. */
import { eventually } from "../embedded/instance.ts";
import type { Target } from "./target.ts";

/** For a guest to boot, on an emulated processor that it shares. */
export const bootMs = 240_000;
export const stopMs = 90_000;

export async function becomes(target: Target, object: string, path: string, value: string, timeoutMs = bootMs) {
  await eventually(
    `${target.name}: ${object} ${path} is ${JSON.stringify(value)}`,
    timeoutMs,
    () => target.fieldOf(object, path) === value || undefined,
    () => `${target.fieldOf(object, path)}\n${target.tryKubectl(["get", "vm,vmi,pods", "-o", "wide"]).stdout}`,
  );
}

export async function isGone(target: Target, ...what: string[]): Promise<void> {
  await eventually(
    `${target.name}: ${what.join(" ")} is gone`,
    stopMs,
    () => target.kubectl("get", ...what, "--ignore-not-found", "-o", "name") === "" || undefined,
    () => target.kubectl("get", "vm,vmi,pods"),
  );
}

/** Running, and its guest agent connected. @returns the instance's uid */
export async function answers(target: Target, name: string): Promise<string> {
  await becomes(target, `vmi/${name}`, conditionPath("AgentConnected"), "True");
  return target.fieldOf(`vmi/${name}`, ".metadata.uid");
}

export const conditionPath = (type: string): string => `.status.conditions[?(@.type=="${type}")].status`;

/** `Ready=True`, `Paused=True (PausedByUser)` ... in alphabetical order. */
export function conditionsOf(target: Target, object: string): string[] {
  const { status } = read(target, object);
  const conditions = (status?.["conditions"] ?? []) as { type: string; status: string; reason?: string }[];
  return conditions.map(({ type, status: value, reason }) => `${type}=${value}${reason ? ` (${reason})` : ""}`).sort();
}

export interface Seen {
  metadata: { name: string; uid: string; labels?: Record<string, string>; finalizers?: string[] };
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
}

export function read(target: Target, object: string): Seen {
  return JSON.parse(target.kubectl("get", object, "-o", "json")) as Seen;
}

export const launcherSelector = (name: string): string => `vm.kubevirt.io/name=${name}`;

/** The launcher pod that is not ending. */
export function launcherOf(target: Target, name: string): Seen {
  const list = target.kubectl("get", "pods", "-l", launcherSelector(name), "-o", "json");
  const { items } = JSON.parse(list) as { items: (Seen & { metadata: { deletionTimestamp?: string } })[] };
  const live = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const [pod] = live;
  if (pod === undefined || live.length > 1) throw new Error(`${target.name}: ${live.length} launcher pods of ${name}`);
  return pod;
}

/** Distinct reasons, in the order of their first appearance by name. */
export function eventReasons(target: Target, kind: string, name: string): string[] {
  const selector = `involvedObject.kind=${kind},involvedObject.name=${name}`;
  const path = "{.items[*].reason}";
  const reasons = target.kubectl("get", "events", "--field-selector", selector, "-o", `jsonpath=${path}`);
  return [...new Set(reasons.split(" "))].sort();
}

/** A refusal by its last line, without the words that depend on who asked whom. */
export function refusal({ status, stderr }: { status: number | null; stderr: string }): string {
  if (status === 0) return "accepted";
  return (stderr.trim().split("\n").at(-1) ?? "").replace(/^(error|Error from server \([A-Za-z ]+\)): /, "");
}
