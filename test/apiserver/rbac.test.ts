/** Who may do what: nobody anything, unless a role says so. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import https from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, it } from "node:test";
import { loadKubeconfig } from "../../src/client/kubeconfig.ts";
import { type ApiserverProcess, startApiserverProcess } from "../client/apiserver-process.ts";
import { fails, type Kubectl, ok, runner } from "./kubectl.ts";
import { currentKubectl } from "../fixtures/kubectl.ts";

let server: ApiserverProcess;
let home: string;
let admin: Kubectl;

before(async () => {
  server = await startApiserverProcess();
  home = await mkdtemp(join(tmpdir(), "vmpod-rbac-"));
  admin = runner(currentKubectl(), server.kubeconfig, home);
});

after(async () => {
  await server.remove();
  await rm(home, { recursive: true });
});

const as =
  (user: string, ...groups: string[]): Kubectl =>
  (args, input) =>
    admin([...args, "--as", user, ...groups.flatMap((group) => ["--as-group", group])], input);

async function anonymousStatus(path: string): Promise<number> {
  const { server: url } = await loadKubeconfig(server.kubeconfig);
  return new Promise((resolve, reject) => {
    https
      .get(`${url}${path}`, { rejectUnauthorized: false, agent: false }, (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      })
      .on("error", reject);
  });
}

it("tells strangers nothing but that it lives", async () => {
  for (const path of ["/healthz", "/livez", "/readyz", "/version"])
    assert.equal(await anonymousStatus(path), 200, path);
  for (const path of ["/api", "/apis", "/openapi/v2", "/metrics", "/api/v1/namespaces", "/api/v1/secrets"])
    assert.equal(await anonymousStatus(path), 403, path);
});

it("denies by default and allows what a binding grants, where it grants it", async () => {
  assert.match(
    await fails(as("alice"), ["get", "pods"]),
    /User "alice" cannot list resource "pods" in API group "" in the namespace "default"/,
  );
  await ok(admin, ["create", "rolebinding", "alice-edits", "--clusterrole=edit", "--user=alice"]);
  await ok(as("alice"), ["create", "configmap", "mine"]);
  await fails(as("alice"), ["get", "pods", "-n", "kube-system"]);
  await fails(as("alice"), ["get", "nodes"]);
  assert.match(
    await ok(as("alice"), ["auth", "can-i", "--list"]),
    /virtualmachines.subresources.kubevirt.io\/start|virtualmachines\/start.subresources.kubevirt.io/,
  );
  await ok(admin, ["create", "clusterrolebinding", "ops-view", "--clusterrole=view", "--group=ops"]);
  await ok(as("bob", "ops"), ["get", "pods", "-A"]);
  await fails(as("bob", "ops"), ["get", "secrets", "-A"]);
});

it("lets nobody give away more than they have", async () => {
  await ok(admin, ["create", "rolebinding", "carol-admins", "--clusterrole=admin", "--user=carol"]);
  await ok(as("carol"), ["create", "role", "pods", "--verb=get", "--resource=pods"]);
  assert.match(
    await fails(as("carol"), ["create", "role", "nodes", "--verb=get", "--resource=nodes"]),
    /attempting to grant RBAC permissions not currently held/,
  );
  await fails(as("carol"), ["create", "rolebinding", "all", "--clusterrole=cluster-admin", "--user=carol"]);
});

it("lets nobody gather what they do not have", async () => {
  const writes = ["create", "clusterrole", "role-writer", "--verb=create,get,update,patch", "--resource=clusterroles"];
  await ok(admin, writes);
  await ok(admin, ["create", "clusterrolebinding", "dave-writes", "--clusterrole=role-writer", "--user=dave"]);
  const role = (rule: object): string =>
    JSON.stringify({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "gathered" },
      rules: [],
      ...rule,
    });
  const matchLabels = { "rbac.authorization.k8s.io/aggregate-to-admin": "true" };
  const gathers = role({ aggregationRule: { clusterRoleSelectors: [{ matchLabels }] } });
  assert.match(await fails(as("dave"), ["create", "-f", "-"], gathers), /RBAC permissions not currently held/);
  await ok(as("dave"), ["create", "-f", "-"], role({}));
  assert.match(await fails(as("dave"), ["replace", "-f", "-"], gathers), /RBAC permissions not currently held/);
});

it("keeps aggregated roles equal to their parts", async () => {
  const role = {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: { name: "more", labels: { "rbac.authorization.k8s.io/aggregate-to-view": "true" } },
    rules: [{ apiGroups: ["example.com"], resources: ["gadgets"], verbs: ["get"] }],
  };
  await ok(admin, ["apply", "-f", "-"], JSON.stringify(role));
  await ok(admin, [
    "wait",
    "clusterrole/view",
    '--for=jsonpath={.rules[?(@.apiGroups[0]=="example.com")].resources[0]}=gadgets',
    "--timeout=60s",
  ]);
});

it("lets a node act for itself only", async () => {
  const node = as("system:node:n1", "system:nodes");
  const named = (name: string): string => JSON.stringify({ apiVersion: "v1", kind: "Node", metadata: { name } });
  await ok(node, ["create", "-f", "-"], named("n1"));
  assert.match(await fails(node, ["create", "-f", "-"], named("n2")), /may not create nodes of another name/);
  await ok(admin, ["create", "-f", "-"], named("n2"));
  await ok(node, ["label", "node", "n1", "a=b"]);
  await fails(node, ["label", "node", "n2", "a=b"]);
  await ok(admin, ["create", "secret", "generic", "used", "--from-literal=k=v"]);
  await ok(admin, ["create", "secret", "generic", "unused", "--from-literal=k=v"]);
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p" },
    spec: {
      nodeName: "n1",
      containers: [{ name: "c", image: "x" }],
      volumes: [{ name: "v", secret: { secretName: "used" } }],
    },
  };
  await ok(admin, ["create", "-f", "-"], JSON.stringify(pod));
  await ok(node, ["get", "secret", "used"]);
  await fails(node, ["get", "secret", "unused"]);
  await fails(node, ["get", "secrets"]);
  await fails(as("system:node:n2", "system:nodes"), ["delete", "pod", "p", "--grace-period=0", "--force"]);
  await ok(node, ["delete", "pod", "p", "--grace-period=0", "--force"]);
});
