/** Deployment, ReplicaSet, StatefulSet, DaemonSet, Job and CronJob: defaults of the template, selectors that match it. */
import type { KubeObject } from "../../../../api/meta.ts";
import type { LabelSelector } from "../../../../api/meta.ts";
import type { StatusCause } from "../../../base/errors.ts";
import { invalid, required } from "../../../apimachinery/schema/cause.ts";
import { sameJson } from "../../../apimachinery/schema/same-json.ts";
import { matchesLabels, requirementsOf } from "../../../apimachinery/selector/label-selector.ts";
import { validateLabelSelector } from "../../../apimachinery/selector/validate-label-selector.ts";
import { ensure, field, fill, list, number, record, text } from "../field.ts";
import type { Strategy } from "../kind.ts";
import { defaultPodSpec, validatePodSpec } from "./pod-spec.ts";

function defaultTemplate(object: KubeObject): void {
  defaultPodSpec(ensure(object, "spec", "template", "spec"));
}

function templateCauses(object: KubeObject): StatusCause[] {
  const spec = record(object, "spec");
  const template = record(spec, "template", "spec");
  const policy = text(template, "restartPolicy");
  return [
    ...validatePodSpec(template, "spec.template.spec"),
    ...(policy !== "Always" && policy !== ""
      ? [
          {
            reason: "FieldValueNotSupported",
            message: `Unsupported value: "${policy}": supported values: "Always"`,
            field: "spec.template.spec.restartPolicy",
          },
        ]
      : []),
    ...selectorCauses(object),
    ...countCauses(spec, "replicas"),
  ];
}

function countCauses(spec: Record<string, unknown>, name: string): StatusCause[] {
  return number(spec, name) < 0 ? [invalid(`spec.${name}`, spec[name], "must be greater than or equal to 0")] : [];
}

function selectorCauses(object: KubeObject): StatusCause[] {
  const selector = field(object, "spec", "selector") as LabelSelector | undefined;
  if (selector === undefined) return [required("spec.selector")];
  const malformed = validateLabelSelector(selector, "spec.selector");
  if (malformed.length > 0) return malformed;
  const requirements = requirementsOf(selector);
  if (requirements.length === 0)
    return [invalid("spec.selector", selector, "empty selector is invalid for deployment")];
  const labels = record<string>(object, "spec", "template", "metadata", "labels");
  if (matchesLabels(requirements, labels)) return [];
  return [invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")];
}

function sameSelector(object: KubeObject, old: KubeObject): StatusCause[] {
  const selector = field(object, "spec", "selector");
  return sameJson(selector, field(old, "spec", "selector"))
    ? []
    : [invalid("spec.selector", selector, "field is immutable")];
}

/** Two rounds of `rollingUpdate` defaults that hang on the strategy's type. */
function defaultRollingUpdate(strategy: Record<string, unknown>, values: Record<string, unknown>): void {
  fill(strategy, "type", "RollingUpdate");
  if (strategy["type"] !== "RollingUpdate") return;
  const rolling = ensure(strategy, "rollingUpdate");
  for (const [key, value] of Object.entries(values)) fill(rolling, key, value);
}

const replicated: Strategy = { validate: templateCauses, validateUpdate: sameSelector };

export const deploymentStrategy: Strategy = {
  ...replicated,
  default(deployment) {
    defaultTemplate(deployment);
    defaultRollingUpdate(ensure(deployment, "spec", "strategy"), { maxUnavailable: "25%", maxSurge: "25%" });
  },
};

export const replicaSetStrategy: Strategy = {
  ...replicated,
  default: defaultTemplate,
  fields: (object) => ({ "status.replicas": `${number(object, "status", "replicas")}` }),
};

export const statefulSetStrategy: Strategy = {
  ...replicated,
  default(set) {
    defaultTemplate(set);
    defaultRollingUpdate(ensure(set, "spec", "updateStrategy"), { partition: 0 });
    const policy = ensure(set, "spec", "persistentVolumeClaimRetentionPolicy");
    fill(policy, "whenDeleted", "Retain");
    fill(policy, "whenScaled", "Retain");
  },
};

export const daemonSetStrategy: Strategy = {
  ...replicated,
  default(set) {
    defaultTemplate(set);
    defaultRollingUpdate(ensure(set, "spec", "updateStrategy"), { maxUnavailable: 1, maxSurge: 0 });
  },
};

export const jobStrategy: Strategy = {
  default(job) {
    defaultTemplate(job);
    const spec = ensure(job, "spec");
    if (spec["completions"] === undefined && spec["parallelism"] === undefined) spec["completions"] = 1;
    fill(spec, "parallelism", 1);
    if (spec["manualSelector"] !== true) selectByUid(job);
  },
  validate(job) {
    const template = record(job, "spec", "template", "spec");
    const policy = text(template, "restartPolicy");
    const causes = validatePodSpec(template, "spec.template.spec");
    if (policy !== "OnFailure" && policy !== "Never")
      causes.push({
        reason: "FieldValueNotSupported",
        message: `Unsupported value: ${JSON.stringify(policy)}: supported values: "Never", "OnFailure"`,
        field: "spec.template.spec.restartPolicy",
      });
    return causes;
  },
  fields: (job) => ({ "status.successful": `${number(job, "status", "succeeded")}` }),
};

/** The pods of a job carry its uid, and its selector selects by it. */
function selectByUid(job: KubeObject): void {
  const uid = job.metadata?.uid;
  const spec = ensure(job, "spec");
  if (uid === undefined || spec["selector"] !== undefined) return;
  const labels = ensure(spec, "template", "metadata", "labels");
  const own = { "batch.kubernetes.io/controller-uid": uid, "controller-uid": uid };
  const named = { "batch.kubernetes.io/job-name": job.metadata?.name, "job-name": job.metadata?.name };
  Object.assign(labels, own, named);
  spec["selector"] = { matchLabels: { "batch.kubernetes.io/controller-uid": uid } };
}

export const cronJobStrategy: Strategy = {
  default(cronJob) {
    const spec = ensure(cronJob, "spec");
    fill(spec, "concurrencyPolicy", "Allow");
    fill(spec, "suspend", false);
    fill(spec, "successfulJobsHistoryLimit", 3);
    fill(spec, "failedJobsHistoryLimit", 1);
    const template = ensure(spec, "jobTemplate", "spec", "template", "spec");
    defaultPodSpec(template);
  },
  validate: (cronJob) => [
    ...(text(cronJob, "spec", "schedule") === "" ? [required("spec.schedule")] : []),
    ...(list(cronJob, "spec", "jobTemplate", "spec", "template", "spec", "containers").length === 0
      ? [required("spec.jobTemplate.spec.template.spec.containers")]
      : []),
  ],
};
