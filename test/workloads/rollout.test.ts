/** Deployments, their history, deletion in all its ways, and namespaces: as `kubectl` drives them on a real instance. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { eventually } from "../embedded/instance.ts";
import { useInstance } from "../embedded/use-instance.ts";
import { deployment, pod, podSpec } from "./manifests.ts";

const instance = useInstance("vt10", 10);
const { kubectl, tryKubectl, apply, fieldOf } = instance;
const names = (kind: string, ...selection: string[]): string[] =>
  kubectl("get", kind, ...selection, "-o", "name")
    .split("\n")
    .filter(Boolean);
const withEnv = (value: string): object => podSpec({}, { env: [{ name: "VERSION", value }] });
const untilGone = (what: string, ...query: string[]) =>
  eventually(`${what} gone`, 60_000, () => (names(query[0] ?? "", ...query.slice(1)).length === 0 ? true : undefined));

test("a rollout replaces the pods, its undo brings the old template back, and the history tells both", () => {
  apply(deployment("web", 3, withEnv("one")));
  kubectl("rollout", "status", "deployment/web", "--timeout=60s");
  apply(deployment("web", 3, withEnv("two")));
  kubectl("rollout", "status", "deployment/web", "--timeout=60s");
  const versions = () => fieldOf("deployment/web", ".spec.template.spec.containers[0].env[0].value");
  assert.equal(versions(), "two");
  assert.equal(fieldOf("deployment/web", ".status.updatedReplicas"), "3");
  kubectl("rollout", "undo", "deployment/web");
  kubectl("rollout", "status", "deployment/web", "--timeout=60s");
  assert.equal(versions(), "one");
  assert.match(kubectl("rollout", "history", "deployment/web"), /^2 .*\n3 /m);
  assert.equal(names("replicasets", "-l", "app=web").length, 2);
});

test("it grows and shrinks", async () => {
  kubectl("scale", "deployment/web", "--replicas=5");
  kubectl("rollout", "status", "deployment/web", "--timeout=60s");
  assert.equal(fieldOf("deployment/web", ".status.availableReplicas"), "5");
  kubectl("scale", "deployment/web", "--replicas=1");
  await eventually("one pod", 60_000, () => (names("pods", "-l", "app=web").length === 1 ? true : undefined));
});

test("a pod that is relabelled is let go and replaced; its Deployment leaves it alone", async () => {
  const [first = ""] = names("pods", "-l", "app=web");
  kubectl("label", first, "app=debug", "--overwrite");
  await eventually("another pod", 60_000, () => (names("pods", "-l", "app=web").length === 1 ? true : undefined));
  await eventually(
    "it is let go",
    60_000,
    () => fieldOf(first, ".metadata.ownerReferences[0].uid") === "" || undefined,
  );
  kubectl("delete", first, "--wait=false");
});

test("kill -9 of the controller in the middle of a rollout doubles nothing", async () => {
  const { pid } = JSON.parse(readFileSync(join(instance.runDir, "pid", "controller"), "utf8")) as { pid: number };
  apply(deployment("steady", 4, withEnv("one")));
  kubectl("rollout", "status", "deployment/steady", "--timeout=60s");
  apply(deployment("steady", 4, withEnv("two")));
  await eventually("the second set", 60_000, () =>
    names("replicasets", "-l", "app=steady").length === 2 ? true : undefined,
  );
  process.kill(pid, "SIGKILL");
  let most = 0;
  await eventually("the rollout ends", 60_000, () => {
    const living = kubectl(
      "get",
      "pods",
      "-l",
      "app=steady",
      "-o",
      "jsonpath={range .items[*]}{.metadata.deletionTimestamp};{end}",
    );
    most = Math.max(
      most,
      living
        .split(";")
        .slice(0, -1)
        .filter((deleted) => deleted === "").length,
    );
    return tryKubectl(["rollout", "status", "deployment/steady", "--watch=false"]).stdout.includes("successfully")
      ? true
      : undefined;
  });
  assert.ok(most <= 5, `${most} pods at once, where 4 and a surge of 1 are asked for`);
  kubectl("delete", "deployment/steady", "--wait=false");
});

test("background, foreground and orphan deletion", async () => {
  apply(...["back", "fore", "stay"].map((name) => deployment(name, 1, podSpec())));
  for (const name of ["back", "fore", "stay"]) kubectl("rollout", "status", `deployment/${name}`, "--timeout=60s");

  kubectl("delete", "deployment/back", "--cascade=background");
  await untilGone("its ReplicaSet and pod", "replicasets,pods", "-l", "app=back");

  kubectl("delete", "deployment/fore", "--cascade=foreground", "--timeout=60s");
  assert.deepEqual(names("replicasets,pods", "-l", "app=fore"), []);

  kubectl("delete", "deployment/stay", "--cascade=orphan");
  const left = names("replicasets,pods", "-l", "app=stay");
  assert.equal(left.length, 2);
  apply(deployment("stay", 1, podSpec()));
  kubectl("rollout", "status", "deployment/stay", "--timeout=60s");
  assert.deepEqual(
    names("replicasets,pods", "-l", "app=stay"),
    left,
    "the new Deployment adopts what the old one left",
  );
  kubectl("delete", "deployment/stay", "--wait=false");
});

test("a namespace goes with its contents, and waits for what has a finalizer", async () => {
  kubectl("create", "namespace", "room");
  await eventually("its service account", 60_000, () =>
    names("serviceaccounts", "-n", "room").includes("serviceaccount/default") ? true : undefined,
  );
  apply({ ...deployment("inside", 1, podSpec()), metadata: { name: "inside", namespace: "room" } });
  kubectl("create", "configmap", "held", "-n", "room");
  kubectl("patch", "configmap", "held", "-n", "room", "-p", '{"metadata":{"finalizers":["example.org/hold"]}}');
  kubectl("delete", "namespace", "room", "--wait=false");
  await untilGone("the Deployment and its pod", "deployments,replicasets,pods", "-n", "room");
  assert.equal(fieldOf("namespace/room", ".status.phase"), "Terminating");
  assert.match(tryKubectl(["create", "configmap", "late", "-n", "room"]).stderr, /being terminated/);
  kubectl("patch", "configmap", "held", "-n", "room", "--type=merge", "-p", '{"metadata":{"finalizers":null}}');
  kubectl("wait", "--for=delete", "namespace/room", "--timeout=60s");
});

test("a pod that fits nowhere says why, and is placed when room appears", async () => {
  const resources = { requests: { "example.org/lamp": "1" } };
  apply(pod("dim", podSpec({}, { resources: { ...resources, limits: resources.requests } })));
  const reason = '.status.conditions[?(@.type=="PodScheduled")]';
  await eventually("the reason", 60_000, () => fieldOf("pod/dim", `${reason}.reason`) || undefined);
  assert.match(
    fieldOf("pod/dim", `${reason}.message`),
    /^0\/1 nodes are available: 1 Insufficient example\.org\/lamp\./,
  );
  const [node = ""] = names("nodes");
  const status = { capacity: { "example.org/lamp": "1" }, allocatable: { "example.org/lamp": "1" } };
  kubectl("patch", node, "--subresource=status", "--type=merge", "-p", JSON.stringify({ status }));
  kubectl("wait", "--for=condition=Ready", "pod/dim", "--timeout=60s");
  kubectl("delete", "pod/dim", "--wait=false");
});

test("a claim of the local class is bound, written to by a pod, held while it is used, and reclaimed", async () => {
  apply(
    {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: "data" },
      spec: { accessModes: ["ReadWriteOnce"], storageClassName: "local", resources: { requests: { storage: "1Mi" } } },
    },
    pod(
      "writer",
      podSpec(
        { volumes: [{ name: "v", persistentVolumeClaim: { claimName: "data" } }] },
        {
          command: ["sh", "-c", "echo kept > /v/file; exec sleep 3600"],
          volumeMounts: [{ name: "v", mountPath: "/v" }],
        },
      ),
    ),
  );
  kubectl("wait", "--for=condition=Ready", "pod/writer", "--timeout=60s");
  assert.equal(fieldOf("pvc/data", ".status.phase"), "Bound");
  const volume = fieldOf("pvc/data", ".spec.volumeName");
  const path = fieldOf(`pv/${volume}`, ".spec.hostPath.path");
  const content = () => tryRead(join(path, "file"));
  await eventually("the file", 60_000, () => content() || undefined);
  assert.equal(content(), "kept\n");
  kubectl("delete", "pvc/data", "--wait=false");
  kubectl("delete", "pod/writer", "--wait=true");
  kubectl("wait", "--for=delete", `pv/${volume}`, "--timeout=60s");
  assert.equal(content(), undefined);
});

function tryRead(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined; // not there yet, or not any more
  }
}
