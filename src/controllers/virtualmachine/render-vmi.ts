/** The instance that a VirtualMachine's template stands for. Pure. */
import { createHash } from "node:crypto";
import { matcherAnnotations } from "../../../api/kubevirt/instancetype/matcher.ts";
import { annotations } from "../../../api/kubevirt/names.ts";
import { withoutDumpVolume } from "../../../api/kubevirt/memory-dump.ts";
import { virtualMachines } from "../../../api/kubevirt/resources.ts";
import { canonicalJson } from "../../../api/kubevirt/same-json.ts";
import { isPausedStart, type StateChangeRequest } from "../../../api/kubevirt/state-change.ts";
import type { VirtualMachine, VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { controllerReference } from "../../runtime/owner-references.ts";
import type { MadeOf } from "./made-of.ts";
import type { Observation } from "./observation.ts";

export function renderVmi(
  vm: VirtualMachine,
  requests: readonly StateChangeRequest[],
  madeOf?: MadeOf,
): VirtualMachineInstance {
  const { template } = (madeOf?.expansion.vm ?? vm).spec;
  const paused = requests.some(isPausedStart);
  return {
    apiVersion: "kubevirt.io/v1",
    kind: "VirtualMachineInstance",
    metadata: {
      name: vm.metadata?.name,
      namespace: vm.metadata?.namespace,
      labels: { ...template.metadata?.labels },
      annotations: {
        ...template.metadata?.annotations,
        ...origin(vm, madeOf),
      },
      ownerReferences: [controllerReference(virtualMachines, vm)],
    },
    spec: { ...structuredClone(withoutDumpVolume(template.spec)), ...(paused && { startStrategy: "Paused" }) },
  };
}

/** Of which template an instance is. */
function origin(vm: VirtualMachine, madeOf: MadeOf | undefined): Record<string, string> {
  return {
    ...matcherAnnotations(vm),
    [annotations.vmGeneration]: String(vm.metadata?.generation ?? 0),
    [annotations.templateHash]: templateHash(vm, madeOf),
  };
}

/** An instance that was told all that its machine's template says now. */
export function withOrigin(
  vmi: VirtualMachineInstance,
  vm: VirtualMachine,
  madeOf: MadeOf | undefined,
): VirtualMachineInstance {
  return {
    ...vmi,
    metadata: { ...vmi.metadata, annotations: { ...vmi.metadata?.annotations, ...origin(vm, madeOf) } },
  };
}

/** An instance that was told a part of what its machine's template says: it is of none, also when the template is again what it was. */
export function withoutOrigin(vmi: VirtualMachineInstance): VirtualMachineInstance {
  const { metadata } = vmi;
  return {
    ...vmi,
    metadata: { ...metadata, annotations: { ...metadata?.annotations, [annotations.templateHash]: "" } },
  };
}

/** Remembered from the first change on: a launcher that the guest moves to has to be made with as many, and is given the rest. */
export function withSocketsAtBoot(vmi: VirtualMachineInstance, before: number): VirtualMachineInstance {
  const known = vmi.metadata?.annotations ?? {};
  if ((vmi.spec.domain.cpu?.sockets ?? 1) === before || known[annotations.socketsAtBoot] !== undefined) return vmi;
  return {
    ...vmi,
    metadata: { ...vmi.metadata, annotations: { ...known, [annotations.socketsAtBoot]: String(before) } },
  };
}

/** Tells whether the template, or what else the machine is made of, changed since an instance was made. */
export function templateHash(vm: VirtualMachine, madeOf?: MadeOf): string {
  const spec = withoutDumpVolume(vm.spec.template.spec);
  const isPlain = !madeOf?.specs.instancetype && !madeOf?.specs.preference;
  const text = canonicalJson(isPlain ? spec : { spec, ...madeOf.specs }) ?? "";
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

/** Whether the machine would be made differently now. */
export function isMadeOfAnother(observation: Observation, vmi: VirtualMachineInstance): boolean {
  const { vm, madeOf } = observation;
  // Nobody can tell: it goes on as it is.
  if (madeOf !== undefined && "missing" in madeOf) return false;
  const hash = vmi.metadata?.annotations?.[annotations.templateHash];
  return hash !== undefined && hash !== templateHash(vm, madeOf);
}
