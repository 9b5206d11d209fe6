/**
 * What of a changed template a running instance is told, and what waits for its restart. Pure.
 *
 *   template, written out and defaulted ─┐            ┌─ live: written into the instance's spec, where others act on it
 *                                        ├─ compare ──┤
 *   the instance's spec ─────────────────┘            └─ all else: named in the condition RestartRequired
 *
 * Hotpluggable volumes come and go whatever `vmRolloutStrategy` says, as in KubeVirt: whoever makes a volume one says so himself.
 *
 * Compared only while the template is another one than that of which the instance was made (its hash): that the cluster's defaults are
 * others by now asks nobody to restart a machine.
 */
import { defaultVirtualMachineInstanceSpec } from "../../../api/kubevirt/defaults/vmi.ts";
import { isConditionTrue, vmiConditions } from "../../../api/kubevirt/conditions.ts";
import { withoutDumpVolume } from "../../../api/kubevirt/memory-dump.ts";
import type { VirtualMachineInstance, VirtualMachineInstanceSpec } from "../../../api/kubevirt/types.ts";
import { isQuantity, quantityToNumber } from "../../base/quantity.ts";
import { hasEnded, knownMadeOf, type Observation } from "./observation.ts";
import { withPlugged } from "./plug-interfaces.ts";
import { whyNotPlugged, withPluggedVolumes } from "./plug-volumes.ts";
import { isMadeOfAnother } from "./render-vmi.ts";
import { type Difference, differences, withField } from "./spec-difference.ts";

export interface LiveUpdate {
  /** The instance's, with what it can be told. */
  spec: VirtualMachineInstanceSpec;
  /** What it cannot: fields of the template, some with a reason. */
  waiting: string[];
}

/** Undefined when there is nothing to compare. */
export function planLiveUpdate(observation: Observation, vmi: VirtualMachineInstance): LiveUpdate | undefined {
  if (hasEnded(vmi) || !isMadeOfAnother(observation, vmi)) return undefined;
  const wanted = wantedSpec(observation, vmi);
  const plugged = withPluggedVolumes(vmi.spec, wanted);
  const spec = isLive(observation) ? withPlugged(plugged, wanted) : plugged;
  const scene = { vmi, wanted, podsCanGrow: observation.podsCanGrow, isLive: isLive(observation) };
  return differences(wanted, withoutDumpVolume(spec), (path) => ruleFor(path) !== undefined).reduce<LiveUpdate>(
    (update, difference) => settle(scene, update, difference),
    { spec, waiting: [] },
  );
}

/** What a restart would make now. How far the machine may grow was decided when it started, if its template says nothing. */
function wantedSpec(observation: Observation, { spec: actual }: VirtualMachineInstance): VirtualMachineInstanceSpec {
  const vm = knownMadeOf(observation)?.expansion.vm ?? observation.vm;
  const template = withoutDumpVolume(vm.spec.template.spec);
  const wanted = defaultVirtualMachineInstanceSpec(template, observation.configuration);
  const { cpu, memory } = wanted.domain;
  if (cpu && !template.domain.cpu?.maxSockets) cpu.maxSockets = actual.domain.cpu?.maxSockets;
  if (memory && !template.domain.memory?.maxGuest) memory.maxGuest = actual.domain.memory?.maxGuest;
  wanted.startStrategy ||= actual.startStrategy;
  return wanted;
}

const isLive = ({ configuration }: Observation): boolean => configuration.vmRolloutStrategy === "LiveUpdate";

function settle(scene: Scene, { spec, waiting }: LiveUpdate, difference: Difference): LiveUpdate {
  const { path, wanted } = difference;
  const wait = (reason: string | undefined): LiveUpdate => {
    const field = `spec.template.spec.${path}`;
    return { spec, waiting: [...waiting, reason === undefined ? field : `${field} (${reason})`] };
  };
  const rule = scene.isLive ? ruleFor(path) : undefined;
  if (rule === undefined) return wait(whyNotPlugged(path, scene.vmi.spec, scene.wanted));
  const obstacle = rule(difference, scene);
  return obstacle === undefined ? { spec: withField(spec, path, wanted), waiting } : wait(obstacle);
}

interface Scene {
  vmi: VirtualMachineInstance;
  /** What a restart would make. */
  wanted: VirtualMachineInstanceSpec;
  podsCanGrow: boolean;
  isLive: boolean;
}

/** Why a change cannot be made while the guest runs; undefined when it can. */
type Rule = (difference: Difference, scene: Scene) => string | undefined;

const rules: readonly [path: RegExp, rule: Rule][] = [
  [/^domain\.cpu\.sockets$/, moreSockets],
  [/^domain\.memory\.guest$/, moreMemory],
  [/^domain\.devices\.interfaces\[[^\]]+\]\.state$/, moveCable],
  // For the next launcher, when the guest moves.
  [/^(nodeSelector|affinity|tolerations)$/, () => undefined],
];

function ruleFor(path: string): Rule | undefined {
  return rules.find(([pattern]) => pattern.test(path))?.[1];
}

/** Its cable. Whether the NIC is there is settled by now, where it may come and go. */
function moveCable({ wanted, actual }: Difference): string | undefined {
  const isAboutNic = [wanted, actual].includes("absent");
  return isAboutNic ? "only those with the bridge binding on other networks than the pod's come and go" : undefined;
}

function moreSockets({ wanted, actual }: Difference, scene: Scene): string | undefined {
  const { maxSockets, dedicatedCpuPlacement } = scene.vmi.spec.domain.cpu ?? {};
  if (Number(wanted) < Number(actual)) return "a reduction of sockets requires a restart";
  if (scene.vmi.spec.architecture === "arm64") return "QEMU gives a machine of arm64 no processors while it runs";
  if (dedicatedCpuPlacement) return "dedicated CPUs are given to a machine when it starts";
  if (Number(wanted) > (maxSockets ?? 0)) return startedWithRoomFor("maxSockets", maxSockets);
  return launcherCannotGrow(scene);
}

/** In the units that QEMU gives it out in. */
const memoryBlockBytes = 2 * 1024 ** 2;

function moreMemory({ wanted, actual }: Difference, scene: Scene): string | undefined {
  const { maxGuest } = scene.vmi.spec.domain.memory ?? {};
  if (!isQuantity(wanted) || !isQuantity(actual)) return "it is no quantity";
  const [wantedBytes, actualBytes] = [quantityToNumber(String(wanted)), quantityToNumber(String(actual))];
  if (wantedBytes < actualBytes) return "a reduction of memory requires a restart";
  if (wantedBytes > quantityToNumber(maxGuest ?? 0)) return startedWithRoomFor("maxGuest", maxGuest);
  if ((wantedBytes - actualBytes) % memoryBlockBytes !== 0) return "memory grows by multiples of 2Mi";
  return launcherCannotGrow(scene);
}

function startedWithRoomFor(field: string, value: number | string | undefined): string {
  return value ? `the machine was started with ${field} ${value}` : `the machine was started without ${field}`;
}

/** Where a pod stays as large as it was made, the guest has to move to a larger one. */
function launcherCannotGrow({ vmi, podsCanGrow }: Scene): string | undefined {
  if (podsCanGrow || isConditionTrue(vmi.status?.conditions, vmiConditions.liveMigratable)) return undefined;
  return "this cluster cannot resize the machine's pod, nor can its guest move to a larger one: see LiveMigratable";
}
