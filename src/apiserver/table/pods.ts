/** The pod columns of `kubectl get pods`: one word that says why a pod is not simply running. */
import type { KubeObject } from "../../../api/meta.ts";
import { field, list, number, text } from "../registry/field.ts";
import { humanDuration } from "./age.ts";
import { ageColumn, type Column, column, nameColumn, wide } from "./column.ts";

export const podColumns: Column[] = [
  nameColumn,
  column(
    "Ready",
    (pod) =>
      `${statuses(pod).filter((status) => status["ready"] === true).length}/${list(pod, "spec", "containers").length}`,
  ),
  column("Status", podStatus),
  column("Restarts", restarts),
  ageColumn,
  wide("IP", (pod) => text(pod, "status", "podIP") || "<none>"),
  wide("Node", (pod) => text(pod, "spec", "nodeName") || "<none>"),
  wide("Nominated Node", (pod) => text(pod, "status", "nominatedNodeName") || "<none>"),
  wide("Readiness Gates", readinessGates),
];

type Status = Record<string, unknown>;

function statuses(pod: KubeObject): Status[] {
  return list<Status>(pod, "status", "containerStatuses");
}

export function podStatus(pod: KubeObject): string {
  const deleted = text(pod, "metadata", "deletionTimestamp") !== "";
  if (deleted && text(pod, "status", "reason") === "NodeLost") return "Unknown";
  const phase = text(pod, "status", "phase");
  if (deleted && phase !== "Succeeded" && phase !== "Failed") return "Terminating";
  return initReason(pod) ?? containerReason(pod) ?? (text(pod, "status", "reason") || phase || "Unknown");
}

/** `Init:1/2`, `Init:Error` ... while init containers run or fail. */
function initReason(pod: KubeObject): string | undefined {
  const all = list<Status>(pod, "status", "initContainerStatuses");
  const total = list(pod, "spec", "initContainers").length;
  for (const [index, status] of all.entries()) {
    const exit = field(status, "state", "terminated", "exitCode");
    if (exit === 0 || (isSidecar(pod, index) && status["started"] === true)) continue;
    const reason = exit === undefined ? text(status, "state", "waiting", "reason") : terminatedReason(status);
    return reason && reason !== "PodInitializing" ? `Init:${reason}` : `Init:${index}/${total}`;
  }
  return undefined;
}

function isSidecar(pod: KubeObject, index: number): boolean {
  return text(pod, "spec", "initContainers", index, "restartPolicy") === "Always";
}

function terminatedReason(status: Status): string {
  const reason = text(status, "state", "terminated", "reason");
  const signal = number(status, "state", "terminated", "signal");
  return (
    reason || (signal !== 0 ? `Signal:${signal}` : `ExitCode:${number(status, "state", "terminated", "exitCode")}`)
  );
}

function containerReason(pod: KubeObject): string | undefined {
  let reason: string | undefined;
  let running = false;
  for (const status of statuses(pod).toReversed()) {
    const waiting = text(status, "state", "waiting", "reason");
    if (waiting) reason = waiting;
    else if (field(status, "state", "terminated")) reason = terminatedReason(status);
    else if (status["ready"] === true && field(status, "state", "running")) running = true;
  }
  if (reason !== "Completed" || !running) return reason;
  const ready = list(pod, "status", "conditions").some((each) => each["type"] === "Ready" && each["status"] === "True");
  return ready ? "Running" : "NotReady";
}

function restarts(pod: KubeObject): string {
  const all = statuses(pod);
  const count = all.reduce((sum, status) => sum + number(status, "restartCount"), 0);
  const last = all
    .map((status) => text(status, "lastState", "terminated", "finishedAt"))
    .sort()
    .at(-1);
  return count > 0 && last ? `${count} (${humanDuration(Date.now() - Date.parse(last))} ago)` : `${count}`;
}

function readinessGates(pod: KubeObject): string {
  const gates = list(pod, "spec", "readinessGates").map((gate) => text(gate, "conditionType"));
  if (gates.length === 0) return "<none>";
  const conditions = list(pod, "status", "conditions");
  const met = gates.filter((gate) => conditions.some((each) => each["type"] === gate && each["status"] === "True"));
  return `${met.length}/${gates.length}`;
}
