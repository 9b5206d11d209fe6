import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultConfiguration } from "../../../../api/kubevirt/configuration.ts";
import { sampleVmi } from "../../../../api/kubevirt/sample.ts";
import type { Pod } from "../../../../api/core.ts";
import { launcherPodOf } from "./launcher.ts";
import { renderLauncherPod } from "./pod.ts";
import { plan } from "../plan.ts";
import { copyingPod, deleting, observationOf, podIn } from "../sample.ts";
import { decideStatus } from "../status/status.ts";

const vmi = sampleVmi();
const context = { launcherImage: "launcher:1", accelerator: "tcg", configuration: defaultConfiguration } as const;
const rendered = renderLauncherPod(vmi, { ...context, imageVolumes: false, blockClaims: new Set() });

function launcherIn(phase: NonNullable<Pod["status"]>["phase"], status: Pod["status"] = {}, metadata = {}): Pod {
  const started = podIn(phase, {
    status: { qosClass: "Burstable", hostIP: "192.0.2.1", podIP: "10.0.0.1", ...status },
  });
  const more = { creationTimestamp: "2026-01-01T00:00:00Z", resourceVersion: "7", uid: "pod-uid", ...metadata };
  return { ...rendered, metadata: { ...rendered.metadata, ...more }, status: started.status };
}

const unready = { type: "Ready", status: "False", reason: "ContainersNotReady", message: "wait" };
const unscheduled = { type: "PodScheduled", status: "False", reason: "Unschedulable", message: "no node" };
const launchers: Record<string, Pod> = {
  pending: launcherIn("Pending"),
  unscheduled: launcherIn("Pending", { conditions: [unscheduled] }),
  running: launcherIn("Running", { conditions: [unready] }),
  ended: launcherIn("Failed", { reason: "Evicted" }),
  "being deleted": launcherIn("Running", {}, { ...deleting, deletionGracePeriodSeconds: 60 }),
  copying: copyingPod("Pending", { running: {} }),
  "failed to copy": copyingPod("Failed", { terminated: { exitCode: 1, message: "no disk" } }),
};

for (const [what, pod] of Object.entries(launchers)) {
  test(`decides the same of what is kept of a launcher that is ${what}`, () => {
    for (const phase of ["Pending", "Scheduling", "Scheduled", "Running", "Failed"]) {
      const whole = observationOf(phase, { pods: [pod] });
      const kept = observationOf(phase, { pods: [launcherPodOf(pod)] });
      assert.deepEqual(decideStatus(kept), decideStatus(whole));
      assert.deepEqual(
        plan(kept).map((action) => describe(action)),
        plan(whole).map((action) => describe(action)),
      );
    }
  });
}

/** With the pod by its name: the two are not the same object. */
function describe({ ...action }: ReturnType<typeof plan>[number]): unknown {
  const { metadata } = "pod" in action ? action.pod : {};
  return { ...action, pod: metadata?.uid };
}

test("keeps a fraction of the pod", () => {
  const pod = launchers["running"] ?? {};
  const kept = launcherPodOf(pod);
  assert.ok(JSON.stringify(kept).length < JSON.stringify(pod).length / 2);
  assert.deepEqual(Object.keys(kept.metadata?.labels ?? {}).toSorted(), [
    "kubevirt.io/created-by",
    "vm.kubevirt.io/name",
  ]);
});
