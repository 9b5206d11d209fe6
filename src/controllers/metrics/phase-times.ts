/**
 * How long instances and migrations take from phase to phase. Histograms count what happens while this controller leads: one that is
 * started anew begins at zero, which rates do not mind.
 */
import { Histogram, Registry } from "prom-client";
import type { VirtualMachineInstanceMigration } from "../../../api/kubevirt/resources.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import type { Change } from "../../client/informer.ts";
import { controllerMetrics as metrics } from "../../telemetry/catalogue/controller.ts";
import type { Metric } from "../../telemetry/metric.ts";
import { secondsOf } from "./description.ts";

export interface PhaseTimes {
  noteVmi(change: Change<VirtualMachineInstance>): void;
  noteMigration(change: Change<VirtualMachineInstanceMigration>): void;
  text(): Promise<string>;
}

const bucketsSeconds = [0.5, 1, 2, 5, 10, 20, 30, 40, 50, 60, 90, 120, 180, 300, 600, 1200, 1800, 3600];

export function createPhaseTimes(): PhaseTimes {
  const registry = new Registry();
  const between = histogram(registry, metrics.phaseTime);
  const fromCreation = histogram(registry, metrics.phaseTimeFromCreation);
  const fromDeletion = histogram(registry, metrics.phaseTimeFromDeletion);
  const ofMigration = histogram(registry, metrics.migrationPhaseTime);
  return {
    noteVmi({ type, object, previous }) {
      if (type !== "updated" || object.status?.phase === previous?.status?.phase) return;
      const { phase, lastPhase, ...seconds } = vmiTimes(object, previous);
      if (seconds.between !== undefined) between.observe({ phase, last_phase: lastPhase }, seconds.between);
      if (seconds.fromCreation !== undefined) fromCreation.observe({ phase }, seconds.fromCreation);
      if (seconds.fromDeletion !== undefined) fromDeletion.observe({ phase }, seconds.fromDeletion);
    },
    noteMigration({ type, object, previous }) {
      const { phase } = object.status ?? {};
      if (type !== "updated" || phase === undefined || phase === previous?.status?.phase) return;
      const reached = object.status?.phaseTransitionTimestamps?.find((each) => each.phase === phase);
      const seconds = span(object.metadata?.creationTimestamp, reached?.phaseTransitionTimestamp);
      if (seconds !== undefined) ofMigration.observe({ phase }, seconds);
    },
    text: () => registry.metrics(),
  };
}

/** Of an instance that has just come to a phase. Pure. */
export function vmiTimes(vmi: VirtualMachineInstance, previous: VirtualMachineInstance | undefined) {
  const { phase = "", phaseTransitionTimestamps = [] } = vmi.status ?? {};
  const lastPhase = previous?.status?.phase ?? "";
  const at = (name: string): string | undefined =>
    phaseTransitionTimestamps.find((each) => each.phase === name)?.phaseTransitionTimestamp;
  const isEnd = phase === "Succeeded" || phase === "Failed";
  return {
    phase,
    lastPhase,
    between: span(at(lastPhase), at(phase)),
    fromCreation: span(vmi.metadata?.creationTimestamp, at(phase)),
    fromDeletion: isEnd ? span(vmi.metadata?.deletionTimestamp, at(phase)) : undefined,
  };
}

/** The API's clock counts whole seconds, and nothing ends before it began. */
function span(from: string | undefined, to: string | undefined): number | undefined {
  const [start, end] = [secondsOf(from), secondsOf(to)];
  return start === undefined || end === undefined ? undefined : Math.max(0, end - start);
}

function histogram(registry: Registry, { name, help, labels }: Metric): Histogram {
  return new Histogram({ name, help, labelNames: labels, buckets: bucketsSeconds, registers: [registry] });
}
