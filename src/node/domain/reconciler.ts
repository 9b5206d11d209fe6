/** The reconciler of the virtual machines on this node. */
import type { Client } from "../../client/client.ts";
import type { EventRecorder } from "../../runtime/event-recorder.ts";
import type { Reconciler } from "../../runtime/reconciler.ts";
import { isUnderWay } from "../memory-dump/status.ts";
import { execute, type ExecuteContext } from "./execute.ts";
import { noteDone } from "./note-start.ts";
import { hasStarted, isFinal, type Observation } from "./observation.ts";
import { observe, type ObserveContext } from "./observe.ts";
import { type Action, plan } from "./plan.ts";
import { writeStatus } from "./write-status.ts";

export type DomainContext = ObserveContext & ExecuteContext & { client: Client; events: EventRecorder };

const firstSignMs = 100;
const nextStepMs = 0;
const resyncMs = 30_000;
const dumpWatchMs = 1_000;
/** A guest without an agent tells nothing of its boot: its screen does. */
const bootWatchMs = 5_000;

export function createDomainReconciler(context: DomainContext): Reconciler<Observation, Action> {
  return {
    name: "domain",
    observe: (key) => observe(context, key),
    plan,
    writeStatus: (observation, signal) => writeStatus(context, observation, signal),
    execute: async (action, signal) => {
      await execute(context, action, signal);
      const record = context.records.of(action.observation.vmi.metadata?.uid ?? "");
      record.failure = undefined;
      noteDone(record, action.type);
    },
    requeueAfterMs: lookAgainAfterMs,
  };
}

/** Events wake us for everything else: while starting there is a next step, afterwards only what no event tells. */
export function lookAgainAfterMs(observation: Observation): number | undefined {
  const { vmi, exit, qemu, machine } = observation;
  if (isFinal(vmi) || exit !== undefined) return undefined;
  if (qemu === undefined || machine === undefined)
    return observation.pod.status?.phase === "Running" ? firstSignMs : undefined;
  if (plan(observation).length > 0) return nextStepMs;
  if (!hasStarted(machine)) return undefined;
  if (isUnderWay(observation)) return dumpWatchMs;
  return machine.agentConnected && !observation.guestHasNews ? resyncMs : bootWatchMs;
}
