import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "../../../api/core.ts";
import { podConditions } from "../../../api/kubevirt/conditions.ts";
import { finalizers, labels } from "../../../api/kubevirt/names.ts";
import type { Observation } from "./observation.ts";
import { type Action, plan } from "./plan.ts";
import { deleting, observationOf, podIn } from "./sample.ts";

function words(actions: readonly Action[]): string[] {
  return actions.map((action) =>
    action.type === "deletePod" ? `deletePod ${action.gracePeriodSeconds}` : action.type,
  );
}

function deleted(observation: Observation, gracePeriodSeconds?: number): Observation {
  const { vmi } = observation;
  const metadata = { ...vmi.metadata, ...deleting, finalizers: [finalizers.virtualMachineInstance] };
  const spec = {
    ...vmi.spec,
    ...(gracePeriodSeconds !== undefined && { terminationGracePeriodSeconds: gracePeriodSeconds }),
  };
  return { ...observation, vmi: { ...vmi, metadata, spec } };
}

function labelled(observation: Observation): Observation {
  const { vmi } = observation;
  return { ...observation, vmi: { ...vmi, metadata: { ...vmi.metadata, labels: { [labels.nodeName]: "node" } } } };
}

function paused(observation: Observation): Observation {
  const { vmi } = observation;
  return {
    ...observation,
    vmi: { ...vmi, status: { ...vmi.status, conditions: [{ type: "Paused", status: "True" }] } },
  };
}

function gated(status: "True" | "False"): Pod {
  const type = podConditions.unpaused;
  const pod = podIn("Running");
  return {
    ...pod,
    spec: { containers: [], ...pod.spec, readinessGates: [{ conditionType: type }] },
    status: { ...pod.status, conditions: [{ type, status }] },
  };
}

const ending = (deletionGracePeriodSeconds: number) =>
  podIn("Running", { metadata: { ...deleting, deletionGracePeriodSeconds } });

const claimOf = (exists: boolean) => ({ name: "c", exists, block: false, shared: false });
const state = (exists: boolean) => ({ ...claimOf(exists), name: "state", isState: true });

test("one step at a time", () => {
  const table: [string, Observation, string[]][] = [
    ["creates the pod", observationOf("Pending"), ["createPod"]],
    ["creates no second pod", observationOf("Pending", { pods: [podIn("Pending")] }), []],
    ["waits for a claim", observationOf("Pending", { claims: [claimOf(false)] }), []],
    ["makes a claim for what is kept", observationOf("Pending", { claims: [state(false)] }), ["createStateClaim"]],
    ["makes it last", observationOf("Pending", { claims: [state(false), claimOf(false)] }), []],
    ["creates the pod then", observationOf("Pending", { claims: [state(true), claimOf(true)] }), ["createPod"]],
    ["gives up a vanished pod", observationOf("Running"), []],
    ["labels the node", observationOf("Scheduled", { pods: [podIn("Running")] }), ["labelNode"]],
    ["opens the readiness gate", labelled(observationOf("Running", { pods: [gated("False")] })), ["setPodCondition"]],
    ["closes it", paused(labelled(observationOf("Running", { pods: [gated("True")] }))), ["setPodCondition"]],
    ["leaves it open", labelled(observationOf("Running", { pods: [gated("True")] })), []],
    ["leaves it shut", paused(labelled(observationOf("Running", { pods: [gated("False")] }))), []],
    ["has nothing to do", labelled(observationOf("Running", { pods: [podIn("Running")] })), []],
    [
      "ends the pod of a deleted VMI",
      deleted(observationOf("Running", { pods: [podIn("Running")] }), 7),
      ["deletePod 7"],
    ],
    ["waits for it", deleted(observationOf("Running", { pods: [ending(7)] }), 7), []],
    ["hurries it", deleted(observationOf("Running", { pods: [ending(30)] }), 0), ["deletePod 0"]],
    ["lets a deleted VMI go", deleted(observationOf("Running")), ["removeFinalizer"]],
    ["ends the live pod of a final VMI", observationOf("Failed", { pods: [podIn("Running")] }), ["deletePod 30"]],
    ["keeps the ended pod of a final VMI", observationOf("Failed", { pods: [podIn("Failed")] }), []],
    [
      "forces pods off a lost node",
      observationOf("Running", { pods: [podIn("Running")], nodeExists: false }),
      ["deletePod 0"],
    ],
  ];
  for (const [what, observation, expected] of table) assert.deepEqual(words(plan(observation)), expected, what);
});
