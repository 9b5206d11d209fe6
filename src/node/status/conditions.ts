/** The conditions that the node agent answers for; those of the controllers stay as they are. Pure. */
import type { Condition } from "../../../api/meta.ts";
import { isForeign } from "../../../api/kubevirt/architecture.ts";
import { vmiConditions } from "../../../api/kubevirt/conditions.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { findCondition, removeCondition, setCondition } from "../../runtime/conditions.ts";
import { hasStarted, type Observation } from "../domain/observation.ts";

export const bootFailedCondition = "GuestBootFailed";
export const syncFailedReason = "SyncFailed";

type Wanted = Condition | "absent" | "unchanged";
type Rule = (observation: Observation) => Wanted;

const rules: Record<string, Rule> = {
  [vmiConditions.agentConnected]: agentConnected,
  [vmiConditions.accessCredentialsSynchronized]: credentialsSynchronized,
  [vmiConditions.paused]: paused,
  [vmiConditions.softwareEmulation]: softwareEmulation,
  [vmiConditions.synchronized]: synchronized,
  [bootFailedCondition]: bootFailed,
};

export function decideConditions(observation: Observation): Condition[] {
  const now = new Date(observation.now);
  return Object.entries(rules).reduce((conditions: Condition[], [type, rule]) => {
    const wanted = rule(observation);
    if (wanted === "unchanged") return conditions;
    return wanted === "absent" ? removeCondition(conditions, type) : setCondition(conditions, wanted, now);
  }, observation.vmi.status?.conditions ?? []);
}

function agentConnected({ machine }: Observation): Wanted {
  return machine?.agentConnected && hasStarted(machine)
    ? { type: vmiConditions.agentConnected, status: "True" }
    : "absent";
}

/** What the guest had when it was last asked stays true while its agent is away. */
function credentialsSynchronized({ credentials }: Observation): Wanted {
  if (credentials?.outcome === undefined) return "unchanged";
  const type = vmiConditions.accessCredentialsSynchronized;
  const { failure } = credentials.outcome;
  return failure === undefined ? { type, status: "True" } : { type, status: "False", message: failure };
}

function paused({ vmi, machine }: Observation): Wanted {
  if (machine === undefined) return "absent";
  const because = (reason: string, message: string): Condition => ({
    type: vmiConditions.paused,
    status: "True",
    reason,
    message,
  });
  switch (machine.runState) {
    // Between two QEMUs: the one that the guest left, or has not come to, says nothing of it.
    case "inmigrate":
    case "finish-migrate":
    case "postmigrate":
      return "unchanged";
    case "prelaunch":
      return vmi.status?.phase === "Running" ? because("PausedByUser", "VMI was paused by user") : "absent";
    case "paused":
      return because("PausedByUser", "VMI was paused by user");
    case "io-error":
      return because("PausedIOError", "VMI was paused, low-level IO error detected");
    case "watchdog":
      return because("PausedByWatchdog", "VMI was paused, its watchdog expired");
    default:
      return "absent";
  }
}

function softwareEmulation({ machine, vmi }: Observation): Wanted {
  if (machine === undefined) return "unchanged";
  if (machine.accelerator === "kvm") return "absent";
  return {
    type: vmiConditions.softwareEmulation,
    status: "True",
    reason: "SoftwareEmulation",
    message: `the guest runs on an emulated processor (TCG), because ${reasonOfEmulation(vmi)}${withoutHyperv(vmi)}`,
  };
}

function reasonOfEmulation({ spec }: VirtualMachineInstance): string {
  return isForeign(spec) ? `it is of ${spec.architecture} and its node is not` : "KVM is not usable on this node";
}

/** They are KVM's. */
function withoutHyperv({ spec }: VirtualMachineInstance): string {
  const { hyperv, hypervPassthrough } = spec.domain.features ?? {};
  const wanted = hyperv ?? hypervPassthrough ?? spec.domain.clock?.timer?.hyperv;
  return wanted === undefined ? "" : "; it has none of the Hyper-V enlightenments that were asked for";
}

function synchronized({ vmi, failure }: Observation): Wanted {
  if (failure !== undefined) {
    return { type: vmiConditions.synchronized, status: "False", reason: syncFailedReason, message: failure };
  }
  const current = findCondition(vmi.status?.conditions, vmiConditions.synchronized);
  return current?.reason === syncFailedReason ? "absent" : "unchanged";
}

function bootFailed({ bootFailure }: Observation): Wanted {
  if (bootFailure === undefined) return "absent";
  return { type: bootFailedCondition, status: "True", ...bootFailure };
}
