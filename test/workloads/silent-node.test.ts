/** A node whose agent stands still: what the cluster says of it meanwhile, and that all is well when it goes on. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { eventually } from "../embedded/instance.ts";
import { useInstance } from "../embedded/use-instance.ts";
import { pod, podSpec, service, webContainer } from "./manifests.ts";

const instance = useInstance("vt11", 11);
const { kubectl, apply, fieldOf } = instance;
const ready = '.status.conditions[?(@.type=="Ready")].status';
const conditionOf = (object: string) => fieldOf(object, ready);

test("a silent node is unknown after 40 seconds, takes no pods, and comes back with those that it has", async () => {
  apply(pod("web", podSpec({}, webContainer)), service("web", "web"));
  kubectl("wait", "--for=condition=Ready", "pod/web", "--timeout=60s");
  const node = kubectl("get", "nodes", "-o", "name").trim();
  const uid = fieldOf("pod/web", ".metadata.uid");
  const { pid } = JSON.parse(readFileSync(join(instance.runDir, "pid", "agent"), "utf8")) as { pid: number };
  process.kill(pid, "SIGSTOP");
  try {
    await eventually("unknown", 90_000, () => (conditionOf(node) === "Unknown" ? true : undefined));
    await eventually("not ready", 30_000, () => (conditionOf("pod/web") === "False" ? true : undefined));
    await eventually("no endpoint", 30_000, () =>
      fieldOf("endpoints/web", ".subsets[0].addresses") === "" ? true : undefined,
    );
    const path = "{.spec.taints[*].key}:{.spec.taints[*].effect}";
    const taints = () => kubectl("get", node, "-o", `jsonpath=${path}`);
    const wanted = "node.kubernetes.io/unreachable:NoSchedule";
    await eventually("it takes no pods", 30_000, () => taints() === wanted || undefined, taints);
  } finally {
    process.kill(pid, "SIGCONT");
  }
  kubectl("wait", "--for=condition=Ready", node, "pod/web", "--timeout=60s");
  await eventually("no taints", 30_000, () => (fieldOf(node, ".spec.taints[*].key") === "" ? true : undefined));
  assert.equal(fieldOf("pod/web", ".metadata.uid"), uid);
});
