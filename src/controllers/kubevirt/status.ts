/**
 * The status of a KubeVirt resource, in upstream's words. Pure.
 *
 *   Deploying --every component was available once--> Deployed --deleted--> Deleting
 */
import type { KubeVirt } from "../../../api/kubevirt/resources.ts";
import { readConfiguration } from "../../../api/kubevirt/configuration.ts";
import { installationProblems } from "../../../api/kubevirt/installation-settings.ts";
import { readUpdateStrategy } from "../../../api/kubevirt/workload-update.ts";
import type { Condition } from "../../../api/meta.ts";
import { mergeConditions } from "../../runtime/conditions.ts";
import type { Observation } from "./observation.ts";

type Status = NonNullable<KubeVirt["status"]>;

const reasons = {
  created: "AllResourcesCreated",
  ready: "AllComponentsReady",
  deploying: "DeploymentInProgress",
  updating: "UpdateInProgress",
  deleting: "DeletionInProgress",
  overruled: "ExistingDeployment",
  misconfigured: "ConfigurationNotHonoured",
} as const;

export function decideStatus(observation: Observation): Status {
  const { kubevirt, now, version } = observation;
  const current = kubevirt.status ?? {};
  const conditions = mergeConditions(current.conditions, decideConditions(observation), new Date(now));
  if (observation.overruledBy !== undefined) return { ...current, conditions };
  return {
    ...current,
    phase: decidePhase(observation),
    observedGeneration: kubevirt.metadata?.generation,
    operatorVersion: version,
    targetKubeVirtVersion: version,
    ...(lacking(observation).length === 0 && { observedKubeVirtVersion: version }),
    outdatedVirtualMachineInstanceWorkloads: observation.outdatedWorkloads,
    defaultArchitecture: readConfiguration(kubevirt).configuration.architecture,
    conditions,
  };
}

function decidePhase({ kubevirt, ...observation }: Observation): string {
  if (kubevirt.metadata?.deletionTimestamp) return "Deleting";
  const wasDeployed = kubevirt.status?.phase === "Deployed";
  return wasDeployed || lacking(observation).length === 0 ? "Deployed" : "Deploying";
}

function decideConditions(observation: Observation): Condition[] {
  const { overruledBy, kubevirt } = observation;
  if (overruledBy !== undefined) return overruled(overruledBy);
  const created: Condition = {
    type: "Created",
    status: "True",
    reason: reasons.created,
    message: "All resources were created.",
  };
  return [created, ...progress(observation), degraded(kubevirt)];
}

function overruled(by: string): Condition[] {
  const message = `KubeVirt ${by} is older and counts: delete this one, or that one`;
  return [
    { type: "Available", status: "False", reason: reasons.overruled, message },
    { type: "Progressing", status: "False", reason: reasons.overruled, message },
    { type: "Degraded", status: "True", reason: reasons.overruled, message },
  ];
}

function progress(observation: Observation): Condition[] {
  const lacks = lacking(observation);
  const isDone = lacks.length === 0;
  const reason = isDone ? reasons.ready : reasonOfProgress(observation.kubevirt);
  const message = isDone ? "All components are ready." : `waiting for ${lacks.join("; ")}`;
  return [
    { type: "Available", status: isDone ? "True" : "False", reason, message },
    { type: "Progressing", status: isDone ? "False" : "True", reason, message },
  ];
}

function reasonOfProgress({ metadata, status }: KubeVirt): string {
  if (metadata?.deletionTimestamp) return reasons.deleting;
  return status?.observedKubeVirtVersion ? reasons.updating : reasons.deploying;
}

/** A value that is not honoured must not go unnoticed. */
function degraded(kubevirt: KubeVirt): Condition {
  const problems = [
    ...readConfiguration(kubevirt).problems,
    ...readUpdateStrategy(kubevirt).problems,
    ...installationProblems(kubevirt),
  ];
  return problems.length === 0
    ? { type: "Degraded", status: "False", reason: reasons.ready, message: "All components are ready." }
    : { type: "Degraded", status: "True", reason: reasons.misconfigured, message: problems.join("; ") };
}

function lacking({ components }: Pick<Observation, "components">): string[] {
  return components.flatMap(({ name, lack }) => (lack === undefined ? [] : [`${name}: ${lack}`]));
}
