import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultConfiguration } from "../../../api/kubevirt/configuration.ts";
import { sampleVm, sampleVmi } from "../../../api/kubevirt/sample.ts";
import type { KubeObject } from "../../../api/meta.ts";
import type { Change, Informer } from "../../client/informer.ts";
import { podIn } from "../virtualmachineinstance/sample.ts";
import { createControllerMetrics, type KnownObjects } from "./controller-metrics.ts";

/** A copy that holds one object. */
function copyOf<T extends KubeObject>(...objects: T[]): { informer: Informer<T>; tell: (change: Change<T>) => void } {
  const handlers: ((change: Change<T>) => void)[] = [];
  const informer = {
    list: () => objects,
    get: (_namespace: string, name: string) => objects.find(({ metadata }) => metadata?.name === name),
    byIndex: () => objects,
    onChange: (handler: (change: Change<T>) => void) => void handlers.push(handler),
  } as unknown as Informer<T>;
  return { informer, tell: (change) => handlers.forEach((handler) => handler(change)) };
}

test("a controller tells of itself, and of all machines while it leads", async () => {
  const metrics = createControllerMetrics({ version: "v1" });
  assert.match(await metrics.text(), /^kubevirt_virt_controller_leading_status 0$/m);
  const vmi = sampleVmi((each) => {
    each.status = {
      phase: "Running",
      nodeName: "n",
      phaseTransitionTimestamps: [{ phase: "Running", phaseTransitionTimestamp: "2026-01-01T00:00:05Z" }],
    };
    each.metadata = { ...each.metadata, creationTimestamp: "2026-01-01T00:00:00Z" };
  });
  const vmis = copyOf(vmi);
  const objects: KnownObjects = {
    vms: copyOf(sampleVm()).informer,
    vmis: vmis.informer,
    pods: copyOf(podIn("Running")).informer,
    migrations: copyOf().informer as KnownObjects["migrations"],
    configuration: () => defaultConfiguration,
    launcherImage: "launcher:1",
  };
  const leading = new AbortController();
  metrics.lead(objects, leading.signal);
  vmis.tell({ type: "updated", object: vmi, previous: sampleVmi() });
  const text = await metrics.text();
  for (const expected of [
    /^kubevirt_virt_controller_leading_status 1$/m,
    /^kubevirt_vm_info\{name="a",namespace="default",.*\} 1$/m,
    /^kubevirt_vmi_info\{node="n",namespace="default",name="a",.*vmi_pod="virt-launcher-a-xxxxx"\} 1$/m,
    /^kubevirt_vmi_migrations_in_running_phase 0$/m,
    /^kubevirt_vmi_phase_transition_time_from_creation_seconds_count\{phase="Running"\} 1$/m,
  ])
    assert.match(text, expected);
  const types = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
  assert.equal(new Set(types).size, types.length);
  leading.abort();
  assert.doesNotMatch(await metrics.text(), /kubevirt_vmi_info/);
});
