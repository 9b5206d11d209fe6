/**
 * Which container runs on which processors under the policy `static`, as with Kubernetes' kubelet. Pure.
 *
 *   all processors ─┬─ held by one container alone      Guaranteed, with a whole number of CPUs
 *                   └─ the shared pool                  all other containers; the reserved ones are always in it
 *
 * Nothing is remembered: a container that has processors of its own says so in its annotations, as long as it has not ended.
 */
import type { Container, Pod } from "../../../api/core.ts";
import { type Cores, type CpuSet, without } from "../../base/cpu-set.ts";
import { quantityToMillis } from "../../base/quantity.ts";
import { qosClass } from "../pods/qos.ts";

export interface Processors {
  all: CpuSet;
  /** Never anyone's alone. */
  reserved: CpuSet;
  cores: Cores;
}

/** 0: it shares. */
export function exclusiveCount(pod: Pod, { resources }: Container): number {
  const millis = quantityToMillis(resources?.limits?.["cpu"] ?? 0);
  const isWhole = millis >= 1000 && millis % 1000 === 0;
  return isWhole && qosClass(pod) === "Guaranteed" ? millis / 1000 : 0;
}

export function sharedPool({ all }: Processors, held: CpuSet): number[] {
  return without(all, held);
}

/** As many whole cores as it can be, then what is left of others. Undefined: there are not so many. */
export function chooseExclusive(processors: Processors, held: CpuSet, count: number): number[] | undefined {
  const free = without(processors.all, [...held, ...processors.reserved]);
  if (free.length < count) return undefined;
  const groups = groupByCore(free, processors.cores);
  const sizes = new Map([...groupByCore(processors.all, processors.cores)].map(([core, cpus]) => [core, cpus.length]));
  const isWhole = ([core, cpus]: [string, number[]]): boolean => cpus.length === sizes.get(core);
  const whole = [...groups].filter(isWhole).map(([, cpus]) => cpus);
  const parts = [...groups].filter((group) => !isWhole(group)).flatMap(([, cpus]) => cpus);
  const cores = Math.floor(count / (whole[0]?.length ?? 1));
  const inOrder = [...whole.slice(0, cores).flat(), ...parts, ...whole.slice(cores).flat()];
  return inOrder.slice(0, count).sort((one, other) => one - other);
}

function groupByCore(cpus: CpuSet, cores: Cores): Map<string, number[]> {
  return Map.groupBy(cpus, (cpu) => cores.get(cpu) ?? String(cpu));
}
