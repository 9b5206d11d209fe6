/** Columns of Deployment, ReplicaSet, StatefulSet, DaemonSet, Job and CronJob. */
import type { KubeObject } from "../../../api/meta.ts";
import { list, number, record, text } from "../registry/field.ts";
import { ageOf, humanDuration } from "./age.ts";
import { ageColumn, type Column, column, nameColumn, wide } from "./column.ts";

const containers = wide("Containers", (object) => containerField(object, "name"));
const images = wide("Images", (object) => containerField(object, "image"));
const selector = wide("Selector", (object) => selectorText(record(object, "spec", "selector")));

function containerField(object: KubeObject, key: string): string {
  return list(object, "spec", "template", "spec", "containers")
    .map((container) => text(container, key))
    .join(",");
}

/** A label selector in the notation of `-l`. */
export function selectorText(selector: Record<string, unknown>): string {
  const labels = Object.entries(record<string>(selector, "matchLabels")).map(([key, value]) => `${key}=${value}`);
  const expressions = list(selector, "matchExpressions").map(expressionText);
  return [...labels, ...expressions].join(",") || "<none>";
}

function expressionText(expression: Record<string, unknown>): string {
  const key = text(expression, "key");
  const operator = text(expression, "operator");
  if (operator === "Exists") return key;
  if (operator === "DoesNotExist") return `!${key}`;
  return `${key} ${operator === "NotIn" ? "notin" : "in"} (${list<string>(expression, "values").join(",")})`;
}

const desired = (object: KubeObject): number => number(object, "spec", "replicas");

export const deploymentColumns: Column[] = [
  nameColumn,
  column("Ready", (object) => `${number(object, "status", "readyReplicas")}/${desired(object)}`),
  column("Up-to-date", (object) => number(object, "status", "updatedReplicas"), "integer"),
  column("Available", (object) => number(object, "status", "availableReplicas"), "integer"),
  ageColumn,
  containers,
  images,
  selector,
];

export const replicaSetColumns: Column[] = [
  nameColumn,
  column("Desired", desired, "integer"),
  column("Current", (object) => number(object, "status", "replicas"), "integer"),
  column("Ready", (object) => number(object, "status", "readyReplicas"), "integer"),
  ageColumn,
  containers,
  images,
  selector,
];

export const statefulSetColumns: Column[] = [
  nameColumn,
  column("Ready", (object) => `${number(object, "status", "readyReplicas")}/${desired(object)}`),
  ageColumn,
  containers,
  images,
];

const scheduled = (key: string, status: string): Column =>
  column(key, (object) => number(object, "status", status), "integer");

export const daemonSetColumns: Column[] = [
  nameColumn,
  scheduled("Desired", "desiredNumberScheduled"),
  scheduled("Current", "currentNumberScheduled"),
  scheduled("Ready", "numberReady"),
  scheduled("Up-to-date", "updatedNumberScheduled"),
  scheduled("Available", "numberAvailable"),
  column("Node Selector", nodeSelector),
  ageColumn,
  containers,
  images,
  selector,
];

function nodeSelector(object: KubeObject): string {
  const labels = Object.entries(record<string>(object, "spec", "template", "spec", "nodeSelector"));
  return labels.map(([key, value]) => `${key}=${value}`).join(",") || "<none>";
}

export const jobColumns: Column[] = [
  nameColumn,
  column("Status", jobStatus),
  column("Completions", completions),
  column("Duration", jobDuration),
  ageColumn,
  containers,
  images,
  selector,
];

function jobStatus(job: KubeObject): string {
  const met = (type: string): boolean =>
    list(job, "status", "conditions").some((each) => each["type"] === type && each["status"] === "True");
  if (met("Complete")) return "Complete";
  if (met("Failed")) return "Failed";
  if (text(job, "metadata", "deletionTimestamp")) return "Terminating";
  if (met("Suspended")) return "Suspended";
  return met("FailureTarget") ? "FailureTarget" : "Running";
}

function completions(job: KubeObject): string {
  const succeeded = number(job, "status", "succeeded");
  const wanted = number(job, "spec", "completions");
  if (wanted > 0) return `${succeeded}/${wanted}`;
  const parallelism = number(job, "spec", "parallelism");
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function jobDuration(job: KubeObject): string {
  const start = text(job, "status", "startTime");
  if (!start) return "";
  const end = text(job, "status", "completionTime");
  return humanDuration((end ? Date.parse(end) : Date.now()) - Date.parse(start));
}

export const cronJobColumns: Column[] = [
  nameColumn,
  column("Schedule", (object) => text(object, "spec", "schedule")),
  column("Timezone", (object) => text(object, "spec", "timeZone") || "<none>"),
  column("Suspend", (object) => (record(object, "spec")["suspend"] === true ? "True" : "False")),
  column("Active", (object) => list(object, "status", "active").length, "integer"),
  column("Last Schedule", (object) => {
    const last = text(object, "status", "lastScheduleTime");
    return last ? ageOf(last) : "<none>";
  }),
  ageColumn,
];
