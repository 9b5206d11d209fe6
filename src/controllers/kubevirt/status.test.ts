import assert from "node:assert/strict";
import { test } from "node:test";
import { findCondition } from "../../../api/kubevirt/conditions.ts";
import type { KubeVirt } from "../../../api/kubevirt/resources.ts";
import { daemonSetProgress, deploymentProgress } from "../../runtime/workload-progress.ts";
import type { Observation } from "./observation.ts";
import { decideStatus } from "./status.ts";

const now = "2026-01-02T03:04:05Z";

function observation(change: Partial<Observation> = {}, kubevirt: Partial<KubeVirt> = {}): Observation {
  return {
    kubevirt: { metadata: { name: "vmpod", namespace: "vmpod", generation: 3 }, spec: {}, ...kubevirt },
    overruledBy: undefined,
    components: [],
    outdatedWorkloads: 2,
    version: "v1.2.3",
    now,
    ...change,
  };
}

const words = (observed: Observation): Record<string, string> =>
  Object.fromEntries(
    (decideStatus(observed).conditions ?? []).map(({ type, status, reason }) => [type, `${status} ${reason}`]),
  );

test("without workloads of its own it is deployed", () => {
  const status = decideStatus(observation());
  assert.equal(status.phase, "Deployed");
  assert.deepEqual(
    [status.observedKubeVirtVersion, status.operatorVersion, status.observedGeneration],
    ["v1.2.3", "v1.2.3", 3],
  );
  assert.deepEqual(words(observation()), {
    Created: "True AllResourcesCreated",
    Available: "True AllComponentsReady",
    Progressing: "False AllComponentsReady",
    Degraded: "False AllComponentsReady",
  });
});

const lacking = [{ name: "DaemonSet vmpod-agent", lack: "1 of 2 pods are available" }, { name: "Deployment x" }];

test("what is still missing is named", () => {
  const status = decideStatus(observation({ components: lacking }));
  assert.deepEqual([status.phase, status.observedKubeVirtVersion], ["Deploying", undefined]);
  const available = findCondition(status.conditions, "Available");
  assert.deepEqual(
    [available?.status, available?.reason, available?.message],
    ["False", "DeploymentInProgress", "waiting for DaemonSet vmpod-agent: 1 of 2 pods are available"],
  );
});

test("an update does not take Deployed back", () => {
  const before = { status: { phase: "Deployed", observedKubeVirtVersion: "v1.2.2" } };
  const status = decideStatus(observation({ components: lacking }, before));
  assert.deepEqual([status.phase, status.observedKubeVirtVersion], ["Deployed", "v1.2.2"]);
  assert.equal(words(observation({ components: lacking }, before))["Progressing"], "True UpdateInProgress");
});

test("a value that is not honoured is told", () => {
  const spec = { configuration: { network: { defaultNetworkInterface: "slirp" } } };
  const degraded = findCondition(decideStatus(observation({}, { spec })).conditions, "Degraded");
  assert.equal(degraded?.reason, "ConfigurationNotHonoured");
  assert.match(degraded?.message ?? "", /defaultNetworkInterface "slirp"/);
});

test("a second resource is told that it does not count", () => {
  const observed = observation({ overruledBy: "kubevirt/kubevirt" });
  assert.equal(decideStatus(observed).phase, undefined);
  assert.equal(words(observed)["Degraded"], "True ExistingDeployment");
});

test("one that is being deleted says so", () => {
  const metadata = { name: "vmpod", deletionTimestamp: now };
  assert.equal(decideStatus(observation({}, { metadata })).phase, "Deleting");
});

test("a workload is ready when all its pods are of the present version and available", () => {
  const deployment = (generation: number, updatedReplicas: number, availableReplicas: number) =>
    deploymentProgress("c", {
      metadata: { generation },
      spec: { replicas: 2, selector: {}, template: {} },
      status: { observedGeneration: 2, updatedReplicas, availableReplicas },
    }).lack;
  assert.equal(deployment(2, 2, 2), undefined);
  assert.equal(deployment(3, 2, 2), "was not looked at yet");
  assert.equal(deployment(2, 1, 2), "1 of 2 pods are up to date");
  assert.equal(deployment(2, 2, 1), "1 of 2 pods are available");
  assert.equal(deploymentProgress("c", undefined).lack, "is missing");
  const counts = { currentNumberScheduled: 3, numberMisscheduled: 0, numberReady: 3, observedGeneration: 1 };
  const status = { ...counts, desiredNumberScheduled: 3, updatedNumberScheduled: 3, numberAvailable: 2 };
  assert.equal(daemonSetProgress("a", { status }).lack, "2 of 3 pods are available");
});
