/** The status of a VirtualMachine. Pure. */
import { isConditionTrue, vmConditions } from "../../../api/kubevirt/conditions.ts";
import { matcherOf, renderRef } from "../../../api/kubevirt/instancetype/matcher.ts";
import type { MatcherField } from "../../../api/kubevirt/instancetype/specs.ts";
import { annotations } from "../../../api/kubevirt/names.ts";
import { printableStatus } from "../../../api/kubevirt/printable-status.ts";
import { runStrategyOf } from "../../../api/kubevirt/run-strategy.ts";
import type { VirtualMachineStatus } from "../../../api/kubevirt/types.ts";
import { isDeleting, type Observation, vmiOf } from "./observation.ts";
import { isMadeOfAnother } from "./render-vmi.ts";
import { openRequests } from "./requests.ts";
import { decideStartFailure } from "./start-failure.ts";
import { decideConditions } from "./vm-conditions.ts";

export function decideStatus(observation: Observation): VirtualMachineStatus {
  const { vm, hasUnboundClaim } = observation;
  const vmi = vmiOf(observation);
  const conditions = decideConditions(observation);
  const startFailure = decideStartFailure(observation);
  const requests = openRequests(observation);
  return {
    ...vm.status,
    created: vmi !== undefined,
    ready: isConditionTrue(conditions, vmConditions.ready),
    runStrategy: runStrategyOf(vm),
    desiredGeneration: vm.metadata?.generation,
    observedGeneration: observedGeneration(observation),
    startFailure,
    stateChangeRequests: requests.length > 0 ? requests : undefined,
    volumeSnapshotStatuses: snapshotStatuses(observation),
    ...refs(observation),
    conditions,
    printableStatus: printableStatus({ vm: { ...vm, status: { ...vm.status, startFailure } }, vmi, hasUnboundClaim }),
  };
}

/** Kept as they are while what the machine is made of is not read. */
function refs({ vm, madeOf }: Observation): Pick<VirtualMachineStatus, "instancetypeRef" | "preferenceRef"> {
  if (isDeleting(vm) || (madeOf !== undefined && "missing" in madeOf)) return {};
  const refTo = (field: MatcherField) => {
    const matcher = matcherOf(vm, field);
    return matcher && renderRef(matcher, madeOf?.revisionNames[field]);
  };
  return { instancetypeRef: refTo("instancetype"), preferenceRef: refTo("preference") };
}

/** The generation that runs; the current one when nothing runs, or when what changed since needs no restart. */
function observedGeneration(observation: Observation): number | undefined {
  const { vm } = observation;
  const vmi = vmiOf(observation);
  if (vmi === undefined || !isMadeOfAnother(observation, vmi)) return vm.metadata?.generation;
  return Number(vmi.metadata?.annotations?.[annotations.vmGeneration] ?? vm.metadata?.generation);
}

function snapshotStatuses({ vm }: Observation): VirtualMachineStatus["volumeSnapshotStatuses"] {
  const volumes = vm.spec.template.spec.volumes ?? [];
  return volumes.map(({ name }) => ({
    name,
    enabled: false,
    reason: `Snapshot is not supported for this volumeSource type [${name}]`,
  }));
}
