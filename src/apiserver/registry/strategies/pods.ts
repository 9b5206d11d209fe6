/** Pods: defaults, quality of service, what may change once created, and how long a deletion takes. */
import type { KubeObject } from "../../../../api/meta.ts";
import type { StatusCause } from "../../../base/errors.ts";
import { forbidden } from "../../../apimachinery/schema/cause.ts";
import { sameJson } from "../../../apimachinery/schema/same-json.ts";
import { ensure, field, fill, list, number, record, text } from "../field.ts";
import type { Strategy } from "../kind.ts";
import { defaultPodSpec, defaultRequests, validatePodSpec } from "./pod-spec.ts";
import { qosClass } from "./qos-class.ts";

export const podStrategy: Strategy = {
  default(pod) {
    const spec = ensure(pod, "spec");
    defaultPodSpec(spec);
    defaultRequests(spec);
    fill(spec, "priority", 0);
    fill(spec, "preemptionPolicy", "PreemptLowerPriority");
    defaultTolerations(spec);
  },
  prepareCreate(pod) {
    ensure(pod)["status"] = { phase: "Pending", qosClass: qosClass(record(pod, "spec")) };
  },
  validate: (pod) => validatePodSpec(record(pod, "spec"), "spec"),
  validateUpdate: (pod, old) => immutableSpec(pod, old),
  fields: (pod) => ({
    "spec.nodeName": text(pod, "spec", "nodeName"),
    "spec.restartPolicy": text(pod, "spec", "restartPolicy"),
    "spec.schedulerName": text(pod, "spec", "schedulerName"),
    "spec.serviceAccountName": text(pod, "spec", "serviceAccountName"),
    "spec.hostNetwork": `${field(pod, "spec", "hostNetwork") === true}`,
    "status.phase": text(pod, "status", "phase"),
    "status.podIP": text(pod, "status", "podIP"),
    "status.nominatedNodeName": text(pod, "status", "nominatedNodeName"),
  }),
  deletionGraceSeconds(pod, asked) {
    const phase = text(pod, "status", "phase");
    // Nobody runs it: nobody could confirm the end.
    if (text(pod, "spec", "nodeName") === "" || phase === "Succeeded" || phase === "Failed") return 0;
    return asked ?? number(pod, "spec", "terminationGracePeriodSeconds");
  },
};

const evictionTolerationSeconds = 300;

/** As the admission plugin DefaultTolerationSeconds: pods stay a while on a node that is not ready. */
function defaultTolerations(spec: Record<string, unknown>): void {
  const tolerations = list(spec, "tolerations");
  for (const state of ["not-ready", "unreachable"]) {
    const key = `node.kubernetes.io/${state}`;
    const covered = tolerations.some(
      (each) => (each["key"] === key || !each["key"]) && (!each["effect"] || each["effect"] === "NoExecute"),
    );
    if (!covered)
      tolerations.push({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds: evictionTolerationSeconds });
  }
  spec["tolerations"] = tolerations;
}

const mutable =
  "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

function immutableSpec(pod: KubeObject, old: KubeObject): StatusCause[] {
  return sameJson(fixedPart(pod, old), fixedPart(old, old)) ? [] : [forbidden("spec", mutable)];
}

/** The spec without what may change. */
function fixedPart(pod: KubeObject, old: KubeObject): unknown {
  const spec = structuredClone(record(pod, "spec"));
  for (const name of ["containers", "initContainers"])
    for (const container of list(spec, name)) container["image"] = "";
  delete spec["activeDeadlineSeconds"];
  delete spec["ephemeralContainers"];
  const before = list(old, "spec", "tolerations");
  // Added tolerations are fine, changed or removed ones are not.
  spec["tolerations"] = list(spec, "tolerations").filter((each) => before.some((other) => sameJson(each, other)));
  if (list(old, "spec", "schedulingGates").length > 0) {
    delete spec["schedulingGates"];
    delete spec["nodeSelector"];
  }
  return spec;
}
