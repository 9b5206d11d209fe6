import { findCondition, vmiConditions } from "../../../api/kubevirt/conditions.ts";
import { flags } from "./flags.ts";
import { imageExplanation } from "./image.ts";
import type { Explanation, Rule, Situation } from "./situation.ts";

/** Causes between the instance and its pod. */
export const vmiRules: readonly Rule[] = [missingClaim, noPodPossible, noPodYet];

function missingClaim({ vmi }: Situation): Explanation | undefined {
  const condition = unsynchronized(vmi);
  if (condition?.reason !== "FailedPvcNotFound") return undefined;
  return {
    why: `waits for storage (${condition.message})`,
    todo: "create the PersistentVolumeClaim, or correct spec.volumes",
  };
}

function noPodPossible(situation: Situation): Explanation | undefined {
  const condition = unsynchronized(situation.vmi);
  if (!condition || situation.pod) return undefined;
  const image = imageExplanation(condition.reason, condition.message ?? "");
  return (
    image ?? {
      why: `has no pod because creating it failed (${condition.message ?? condition.reason})`,
      todo: "correct what the message names; it is tried again by itself",
    }
  );
}

function noPodYet(situation: Situation): Explanation | undefined {
  if (!situation.vmi || situation.pod) return undefined;
  return {
    why: `waits for its pod (phase ${situation.vmi.status?.phase ?? "Pending"})`,
    todo: `if this lasts, see whether the controller runs with \`vmpod status\`, and \`kubectl describe vmi ${situation.name}${flags(situation)}\``,
  };
}

function unsynchronized(vmi: Situation["vmi"]) {
  const condition = findCondition(vmi?.status?.conditions, vmiConditions.synchronized);
  return condition?.status === "False" ? condition : undefined;
}
