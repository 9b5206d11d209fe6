/** What the migration controller would write into the register, for a model that has no API server. */
import type { Pod } from "../../../api/core.ts";
import * as register from "../../../api/kubevirt/migration/register.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { undisturbed } from "../../../src/controllers/migration/observation.fixture.ts";
import type { Observation } from "../../../src/controllers/migration/observation.ts";
import { reachedPhase } from "../../../src/controllers/migration/phase.ts";
import { plan } from "../../../src/controllers/migration/plan.ts";

type Enter = (current: VirtualMachineInstance) => VirtualMachineInstance["status"];

export function controllerPlan(vmi: VirtualMachineInstance, pods: Pod[], deleted: boolean, now: string): Enter[] {
  const metadata = { name: "m", namespace: "default", uid: "migration", ...(deleted && { deletionTimestamp: now }) };
  const observation: Observation = {
    migration: { metadata, spec: { vmiName: "one" }, status: { phase: "Pending" } },
    vmi,
    pods,
    ...undisturbed,
    now,
  };
  const phase = reachedPhase(observation);
  const migration = { ...observation.migration, status: { phase } };
  return plan({ ...observation, migration }).flatMap((action): Enter[] => {
    if (action.type === "handToTarget") return [(current) => register.handToTarget(current, "migration", action.node)];
    if (action.type === "requestAbort") return [(current) => register.requestAbort(current, "migration")];
    if (action.type === "abandon") {
      return [(current) => register.abandon(current, "migration", { reason: action.reason, now })];
    }
    if (action.type !== "decideSource") return [];
    return [(current) => register.decideSource(current, "migration", { reason: action.reason, now })];
  });
}
