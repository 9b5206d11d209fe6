/**
 * A PodDisruptionBudget for each machine that the eviction webhook would not let go (api/kubevirt/eviction.ts). The webhook says why
 * and has the machine moved; the budget only holds, also while the webhook does not answer, and tells autoscalers beforehand. Pure.
 *
 * As many launchers must stay as there are: one, or two while the guest moves, for one of them alone has it and a budget
 * cannot say which. Neither `maxUnavailable` nor a percentage can be had: they ask the pods' owner for its scale, and it has none.
 */
import type { Pod } from "../../../api/core.ts";
import type { VirtConfiguration } from "../../../api/kubevirt/configuration.ts";
import { mayEvict } from "../../../api/kubevirt/eviction.ts";
import { hasMigration } from "../../../api/kubevirt/migration/migration.ts";
import { labels, launcherApp } from "../../../api/kubevirt/names.ts";
import { virtualMachineInstances } from "../../../api/kubevirt/resources.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { apiVersionOf, type Resource } from "../../../api/meta.ts";
import type { PodDisruptionBudget } from "../../../api/policy.ts";
import { controllerReference, isBeingDeleted, isControlledBy } from "../../runtime/owner-references.ts";
import { hasEnded } from "../virtualmachineinstance/observation.ts";

export type BudgetResource = Resource<PodDisruptionBudget>;

export interface Observation {
  vmi: VirtualMachineInstance;
  /** All launchers of the instance. */
  pods: readonly Pod[];
  /** Of the name that the instance's budget has. */
  budget: PodDisruptionBudget | undefined;
  configuration: Pick<VirtConfiguration, "evictionStrategy">;
}

export type Action =
  | { type: "create"; vmi: VirtualMachineInstance; minAvailable: number }
  | { type: "resize"; budget: PodDisruptionBudget; minAvailable: number }
  | { type: "delete"; budget: PodDisruptionBudget };

const namePrefix = "kubevirt-disruption-budget-";

export function budgetName(vmiName: string): string {
  return `${namePrefix}${vmiName}`;
}

/** The instance whose budget has this name. */
export function protectedName(name: string): string {
  return name.slice(namePrefix.length);
}

export function plan({ vmi, pods, budget, configuration }: Observation): Action[] {
  const isHeld = mayEvict(vmi, { nodeName: undefined }, configuration).verdict !== "evict";
  if (budget === undefined) return isHeld ? [{ type: "create", vmi, minAvailable: launchersToKeep(vmi, pods) }] : [];
  if (isBeingDeleted(budget)) return [];
  // That of an earlier instance of the name goes first.
  if (!isHeld || !isControlledBy(budget, vmi)) return [{ type: "delete", budget }];
  const minAvailable = launchersToKeep(vmi, pods);
  return budget.spec?.minAvailable === minAvailable ? [] : [{ type: "resize", budget, minAvailable }];
}

/** The other one may outlive its migration by moments. */
function launchersToKeep(vmi: VirtualMachineInstance, pods: readonly Pod[]): number {
  const alive = pods.filter((pod) => !hasEnded(pod) && !isBeingDeleted(pod));
  return hasMigration(vmi) || alive.length > 1 ? 2 : 1;
}

export function renderBudget(
  resource: BudgetResource,
  vmi: VirtualMachineInstance,
  minAvailable: number,
): PodDisruptionBudget {
  const { namespace, name = "", uid = "" } = vmi.metadata ?? {};
  return {
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    metadata: {
      name: budgetName(name),
      namespace,
      labels: { [labels.app]: launcherApp },
      ownerReferences: [controllerReference(virtualMachineInstances, vmi)],
    },
    spec: { minAvailable, selector: { matchLabels: { [labels.createdBy]: uid } } },
  };
}
