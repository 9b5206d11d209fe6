/** POST pods/eviction: a deletion that admission or a PodDisruptionBudget may refuse for now (429). */
import { type PodDisruptionBudget, podDisruptionBudgets } from "../../../api/policy.ts";
import { matchesLabels, requirementsOf } from "../../apimachinery/selector/label-selector.ts";
import { StatusError } from "../../base/errors.ts";
import { answerJson } from "../../http/answer.ts";
import { field, record, text } from "../registry/field.ts";
import { type Call, nameIn } from "../verbs/call.ts";
import { admissionRequest, runValidation } from "../verbs/admit.ts";
import { readJson } from "../verbs/decode.ts";
import { deleteObject } from "../verbs/delete.ts";
import { optionsOf } from "../verbs/delete-options.ts";

export async function evictPod(call: Call): Promise<void> {
  const body = await readJson(call);
  const name = nameIn(call);
  const { object } = await call.api.objects.get(call.kind, call.path.namespace, name);
  await runValidation(call, admissionRequest(call, "CREATE", body, undefined));
  if (isRunning(object)) await askBudgets(call, record<string>(object, "metadata", "labels"));
  await deleteObject(call, name, optionsOf(call, field(body, "deleteOptions")));
  answerJson(call.response, 201, { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 });
}

function isRunning(pod: unknown): boolean {
  const phase = text(pod, "status", "phase");
  return (
    phase !== "Succeeded" &&
    phase !== "Failed" &&
    phase !== "Pending" &&
    text(pod, "metadata", "deletionTimestamp") === ""
  );
}

async function askBudgets(call: Call, labels: Record<string, string>): Promise<void> {
  const entries = await call.api.objects.list(podDisruptionBudgets, call.path.namespace);
  const budgets = entries
    .map((entry) => entry.object as PodDisruptionBudget)
    .filter((budget) => covers(budget, labels));
  if (budgets.length > 1)
    throw new StatusError(
      "InternalError",
      "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
    );
  const [budget] = budgets;
  if (!budget || call.dryRun) return;
  await takeOne(call, budget);
}

function covers(budget: PodDisruptionBudget, labels: Record<string, string>): boolean {
  const selector = budget.spec?.selector;
  return (
    selector !== undefined && matchesLabels(requirementsOf(selector as Parameters<typeof requirementsOf>[0]), labels)
  );
}

async function takeOne(call: Call, budget: PodDisruptionBudget): Promise<void> {
  const kind = call.api.registry.findAny(podDisruptionBudgets.group, podDisruptionBudgets.plural);
  const name = budget.metadata?.name ?? "";
  if (!kind) return;
  await call.api.objects.update(kind, { namespace: call.path.namespace, name }, (current) => {
    const status = record<number>(current, "status");
    const allowed = status["disruptionsAllowed"] ?? 0;
    if (allowed <= 0) throw refusal(name);
    return { ...current, status: { ...status, disruptionsAllowed: allowed - 1 } };
  });
}

function refusal(budget: string): StatusError {
  const cause = {
    reason: "DisruptionBudget",
    message: `The disruption budget ${budget} allows no further disruption now`,
  };
  return new StatusError("TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.", {
    causes: [cause],
    retryAfterSeconds: 10,
  });
}
