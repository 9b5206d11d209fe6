/** The Kubernetes API as clients rely on it, request by request. */
import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import https from "node:https";
import { text } from "node:stream/consumers";
import { after, before, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { deployments } from "../../api/apps.ts";
import { configMaps, namespaces, pods, services } from "../../api/core.ts";
import type { ConfigMap, Pod } from "../../api/core.ts";
import { isStatus, StatusError } from "../../src/base/errors.ts";
import type { Client } from "../../src/client/client.ts";
import { loadKubeconfig } from "../../src/client/kubeconfig.ts";
import { type ApiserverProcess, startApiserverProcess } from "../client/apiserver-process.ts";

let server: ApiserverProcess;
let client: Client;

before(async () => {
  server = await startApiserverProcess();
  client = await server.connect();
});

after(async () => {
  client.close();
  await server.remove();
});

interface List {
  metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number };
  items: ConfigMap[];
}

async function inNewNamespace(name: string): Promise<string> {
  await client.create(namespaces, { metadata: { name } });
  return name;
}

function configMap(namespace: string, name: string, data: Record<string, string> = {}): ConfigMap {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { namespace, name }, data };
}

function list(namespace: string, query: Record<string, string>): Promise<List> {
  return client.request<List>("GET", `/api/v1/namespaces/${namespace}/configmaps`, undefined, { query });
}

async function refused(action: Promise<unknown>): Promise<StatusError> {
  const error = await action.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof StatusError, `expected a refusal, got ${String(error)}`);
  return error;
}

function names(items: readonly ConfigMap[]): string[] {
  return items.map((item) => item.metadata?.name ?? "");
}

it("pages through a list as of its first page", async () => {
  const namespace = await inNewNamespace("paging");
  for (const name of ["a", "b", "c", "d", "e"]) await client.create(configMaps, configMap(namespace, name));
  const first = await list(namespace, { limit: "2" });
  assert.deepEqual([names(first.items), first.metadata.remainingItemCount], [["a", "b"], 3]);
  await client.delete(configMaps, { namespace, name: "c" });
  const second = await list(namespace, { limit: "2", continue: first.metadata.continue ?? "" });
  assert.deepEqual(names(second.items), ["c", "d"]);
  assert.equal(second.metadata.resourceVersion, first.metadata.resourceVersion);
  const third = await list(namespace, { limit: "2", continue: second.metadata.continue ?? "" });
  assert.deepEqual([names(third.items), third.metadata.continue], [["e"], undefined]);
  const exact = await list(namespace, {
    resourceVersion: first.metadata.resourceVersion,
    resourceVersionMatch: "Exact",
  });
  assert.deepEqual(names(exact.items), ["a", "b", "c", "d", "e"]);
  assert.deepEqual(names((await list(namespace, {})).items), ["a", "b", "d", "e"]);
});

it("refuses revisions of the future, broken tokens and unknown selectors", async () => {
  const future = await refused(list("default", { resourceVersion: "999999999" }));
  assert.deepEqual([future.code, future.details?.causes?.[0]?.reason], [504, "ResourceVersionTooLarge"]);
  assert.equal((await refused(list("default", { continue: "nonsense" }))).code, 400);
  assert.match(
    (await refused(list("default", { fieldSelector: "data.x=1" }))).message,
    /field label not supported: data.x/,
  );
});

it("watches from a revision, with selectors that objects come to match and cease to", async () => {
  const namespace = await inNewNamespace("watching");
  const { metadata } = await list(namespace, {});
  const labelled = (value: string): ConfigMap => ({
    ...configMap(namespace, "cm"),
    metadata: { namespace, name: "cm", labels: { in: value } },
  });
  await client.create(configMaps, labelled("no"));
  await client.update(configMaps, labelled("yes"));
  await client.update(configMaps, { ...labelled("yes"), data: { k: "v" } });
  await client.update(configMaps, labelled("no"));
  await client.update(configMaps, labelled("yes"));
  await client.delete(configMaps, { namespace, name: "cm" });
  const seen: string[] = [];
  const stop = new AbortController();
  const watch = client.watch(configMaps, {
    namespace,
    labelSelector: "in=yes",
    resourceVersion: metadata.resourceVersion,
    signal: stop.signal,
  });
  for await (const event of watch) {
    if (event.type === "BOOKMARK") continue;
    seen.push(event.type);
    if (seen.length === 5) break;
  }
  stop.abort();
  assert.deepEqual(seen, ["ADDED", "MODIFIED", "DELETED", "ADDED", "DELETED"]);
});

it("starts a watch with all there is and says where that ends", async () => {
  const namespace = await inNewNamespace("watchlist");
  await client.create(configMaps, configMap(namespace, "one"));
  const query =
    "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=3";
  const events = await watchLines(`/api/v1/namespaces/${namespace}/configmaps?${query}`);
  assert.deepEqual(
    events.map((event) => event.type),
    ["ADDED", "BOOKMARK"],
  );
  assert.equal(events[0]?.object.metadata?.name, "one");
  assert.equal(events[1]?.object.metadata?.annotations?.["k8s.io/initial-events-end"], "true");
});

interface WatchLine {
  type: string;
  object: ConfigMap;
}

/** All events of a watch that ends by itself. */
async function watchLines(path: string): Promise<WatchLine[]> {
  const {
    server: url,
    certificateAuthority: ca,
    clientCertificate: cert,
    clientKey: key,
  } = await loadKubeconfig(server.kubeconfig);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    https.get(`${url}${path}`, { ca, cert, key, agent: false }, resolve).on("error", reject);
  });
  return (await text(response))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as WatchLine);
}

function reversed<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).toReversed()) as T;
}

it("names generated objects, refuses the same name twice, and keeps the optimistic lock", async () => {
  const namespace = await inNewNamespace("locking");
  const generated = await client.create(configMaps, { metadata: { namespace, generateName: "cm-" } });
  assert.match(generated.metadata?.name ?? "", /^cm-[a-z0-9]{5}$/);
  const first = await client.create(configMaps, configMap(namespace, "same"));
  assert.equal((await refused(client.create(configMaps, configMap(namespace, "same")))).reason, "AlreadyExists");
  await client.update(configMaps, { ...first, data: { a: "1" } });
  const conflict = await refused(client.update(configMaps, { ...first, data: { a: "2" } }));
  assert.deepEqual([conflict.reason, conflict.code], ["Conflict", 409]);
  const unchanged = await client.get(configMaps, { namespace, name: "same" });
  const again = await client.update(configMaps, unchanged);
  assert.equal(again.metadata?.resourceVersion, unchanged.metadata?.resourceVersion);
  const { metadata, ...fields } = unchanged;
  const reordered = await client.update(configMaps, { metadata: reversed(metadata ?? {}), ...reversed(fields) });
  assert.equal(reordered.metadata?.resourceVersion, unchanged.metadata?.resourceVersion);
  const wrong = await refused(
    client.delete(configMaps, { namespace, name: "same" }, { preconditions: { uid: "other" } }),
  );
  assert.equal(wrong.reason, "Conflict");
});

it("answers each bad field with its path", async () => {
  const bad = {
    metadata: { namespace: "default", name: "Bad_Name" },
    spec: {
      containers: [
        { name: "a", image: "" },
        { name: "a", image: "b", volumeMounts: [{ name: "none", mountPath: "/x" }] },
      ],
    },
  };
  const { details, code } = await refused(client.create(pods, bad));
  assert.equal(code, 422);
  assert.deepEqual(
    details?.causes?.map((cause) => cause.field),
    ["metadata.name"],
  );
  const { details: more } = await refused(
    client.create(pods, { ...bad, metadata: { namespace: "default", name: "good" } }),
  );
  assert.deepEqual(
    more?.causes?.map((cause) => cause.field),
    ["spec.containers[0].image", "spec.containers[1].name", "spec.containers[1].volumeMounts[0].name"],
  );
});

it("keeps an object until its last finalizer is gone, and lets none be added meanwhile", async () => {
  const namespace = await inNewNamespace("finalizers");
  const held = {
    ...configMap(namespace, "held"),
    metadata: { namespace, name: "held", finalizers: ["example.com/hold"] },
  };
  await client.create(configMaps, held);
  await client.delete(configMaps, { namespace, name: "held" });
  const marked = await client.get(configMaps, { namespace, name: "held" });
  assert.ok(marked.metadata?.deletionTimestamp);
  const more = { ...marked, metadata: { ...marked.metadata, finalizers: ["example.com/hold", "example.com/more"] } };
  assert.equal((await refused(client.update(configMaps, more))).code, 422);
  await client.patch(
    configMaps,
    { namespace, name: "held" },
    { type: "merge", body: { metadata: { finalizers: null } } },
  );
  assert.equal((await refused(client.get(configMaps, { namespace, name: "held" }))).reason, "NotFound");
});

it("waits for the node of a running pod, but not for that of an unscheduled one", async () => {
  const namespace = await inNewNamespace("graceful");
  const pod = (name: string): Pod => ({
    metadata: { namespace, name },
    spec: { containers: [{ name: "c", image: "x" }] },
  });
  await client.create(pods, pod("free"));
  await client.delete(pods, { namespace, name: "free" });
  assert.ok(isStatus(await refused(client.get(pods, { namespace, name: "free" })), "NotFound"));
  await client.create(pods, pod("bound"));
  const binding = {
    apiVersion: "v1",
    kind: "Binding",
    metadata: { name: "bound" },
    target: { kind: "Node", name: "n1" },
  };
  await client.request("POST", `/api/v1/namespaces/${namespace}/pods/bound/binding`, binding);
  assert.equal(
    (await refused(client.request("POST", `/api/v1/namespaces/${namespace}/pods/bound/binding`, binding))).code,
    409,
  );
  await client.delete(pods, { namespace, name: "bound" });
  const dying = await client.get(pods, { namespace, name: "bound" });
  assert.equal(dying.metadata?.deletionGracePeriodSeconds, 30);
  await client.delete(pods, { namespace, name: "bound" }, { gracePeriodSeconds: 0 });
  assert.ok(isStatus(await refused(client.get(pods, { namespace, name: "bound" })), "NotFound"));
});

it("patches in all four ways", async () => {
  const namespace = await inNewNamespace("patching");
  const key = { namespace, name: "cm" };
  await client.create(configMaps, configMap(namespace, "cm", { a: "1", b: "2" }));
  await client.patch(configMaps, key, { type: "merge", body: { data: { a: null, c: "3" } } });
  await client.patch(configMaps, key, { type: "json", body: [{ op: "replace", path: "/data/b", value: "4" }] });
  await client.patch(configMaps, key, { type: "strategic", body: { data: { $patch: "replace", d: "5" } } });
  const applied = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "cm" }, data: { e: "6" } };
  const result = await client.patch(configMaps, key, { type: "apply", body: applied }, { fieldManager: "me" });
  assert.deepEqual(result.data, { d: "5", e: "6" });
  const dropped = { ...applied, data: {} };
  assert.deepEqual(
    (await client.patch(configMaps, key, { type: "apply", body: dropped }, { fieldManager: "me" })).data,
    { d: "5" },
  );
  const failing = client.patch(configMaps, key, { type: "json", body: [{ op: "test", path: "/data/d", value: "x" }] });
  assert.equal((await refused(failing)).code, 422);
});

it("changes nothing when the same is applied again, also where defaults fill in atomic fields", async () => {
  const namespace = await inNewNamespace("reapplying");
  const env = [{ name: "NODE", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } }];
  const template = { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "i", env }] } };
  const spec = { replicas: 0, selector: { matchLabels: { a: "b" } }, template };
  const body = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "d" }, spec };
  const apply = () =>
    client.patch(deployments, { namespace, name: "d" }, { type: "apply", body }, { fieldManager: "me" });
  const first = await apply();
  // Owners' times are told to the second.
  await delay(1_100);
  const { metadata } = await apply();
  assert.deepEqual(
    [metadata?.resourceVersion, metadata?.generation],
    [first.metadata?.resourceVersion, first.metadata?.generation],
  );
});

it("lets many writers change one object at once, and loses no change", async () => {
  const namespace = await inNewNamespace("contended");
  await client.create(configMaps, configMap(namespace, "cm"));
  const keys = Array.from({ length: 40 }, (_, index) => `k${index}`);
  const key = { namespace, name: "cm" };
  await Promise.all(
    keys.map((name) => client.patch(configMaps, key, { type: "merge", body: { data: { [name]: "v" } } })),
  );
  assert.deepEqual(Object.keys((await client.get(configMaps, key)).data ?? {}).sort(), keys.sort());
});

it("gives each Service an address of its own, also to those created at once", async () => {
  const namespace = await inNewNamespace("services");
  const made = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      client.create(services, {
        metadata: { namespace, name: `s${index}` },
        spec: { ports: [{ port: 80 }], type: "NodePort" },
      }),
    ),
  );
  assert.equal(new Set(made.map((service) => service.spec?.clusterIP)).size, 20);
  assert.equal(new Set(made.map((service) => service.spec?.ports?.[0]?.nodePort)).size, 20);
  const taken = {
    metadata: { namespace, name: "taken" },
    spec: { clusterIP: made[0]?.spec?.clusterIP, ports: [{ port: 80 }] },
  };
  assert.match((await refused(client.create(services, taken))).message, /already allocated/);
  assert.equal((await client.get(services, { namespace: "default", name: "kubernetes" })).spec?.clusterIP, "10.43.0.1");
});

it("deletes what a selector selects and refuses new objects in a dying namespace", async () => {
  const namespace = await inNewNamespace("ending");
  for (const name of ["x1", "x2"])
    await client.create(configMaps, {
      ...configMap(namespace, name),
      metadata: { namespace, name, labels: { x: "1" } },
    });
  await client.create(configMaps, configMap(namespace, "y"));
  await client.request("DELETE", `/api/v1/namespaces/${namespace}/configmaps`, undefined, {
    query: { labelSelector: "x=1" },
  });
  assert.deepEqual(names((await list(namespace, {})).items), ["y"]);
  await client.delete(namespaces, { name: namespace });
  assert.equal((await client.get(namespaces, { name: namespace })).status?.phase, "Terminating");
  assert.match(
    (await refused(client.create(configMaps, configMap(namespace, "late")))).message,
    /because it is being terminated/,
  );
  assert.equal((await refused(client.create(configMaps, configMap("nowhere", "cm")))).code, 404);
});

it("resizes a pod's containers, and changes nothing else of them", async () => {
  const namespace = await inNewNamespace("resize");
  const key = { namespace, name: "grows" };
  const device = { "example.org/device": "1" };
  const requests = { cpu: "100m", memory: "64Mi", ...device };
  const container = { name: "main", image: "i", resources: { requests, limits: device } };
  await client.create(pods, { metadata: key, spec: { containers: [container, { name: "side", image: "i" }] } });
  const resize = (type: "strategic" | "merge", spec: object) =>
    client.patch(pods, key, { type, body: { spec } }, { subresource: "resize" });
  const named = (resources: object, more: object = {}) => ({ containers: [{ name: "main", resources, ...more }] });
  const resized = await resize("strategic", named({ requests: { memory: "128Mi" } }, { image: "other" }));
  const [main, side] = resized.spec?.containers ?? [];
  assert.deepEqual(main?.resources?.requests, { cpu: "100m", memory: "128Mi", ...device });
  assert.deepEqual([main?.image, side?.name], ["i", "side"]);
  const devices = await refused(resize("strategic", named({ requests: { "example.org/device": "2" } })));
  assert.match(devices.message, /containers\[0\]\.resources: Forbidden: only cpu and memory resources are mutable/);
  const none = await refused(resize("merge", named({ limits: device, requests: device })));
  assert.match(none.message, /Pod QOS Class may not change/);
  const wrong = await refused(resize("strategic", named({ requests: { memory: "much" } })));
  assert.match(wrong.message, /requests\[memory\]: Invalid value: "much": must be a quantity/);
  const elsewhere = await refused(
    client.patch(pods, key, { type: "merge", body: { spec: named({}, { image: "i" }) } }),
  );
  assert.match(elsewhere.message, /pod updates may not change fields/);
});

it("takes annotations with the status of a pod, as who attaches networks writes them, and nothing else of it", async () => {
  const namespace = await inNewNamespace("beside-status");
  const pod: Pod = { metadata: { name: "p" }, spec: { containers: [{ name: "c", image: "i" }] } };
  await client.create(pods, { ...pod, metadata: { namespace, name: "p" } });
  const annotations = { "k8s.v1.cni.cncf.io/network-status": "[]" };
  const body = { metadata: { annotations, finalizers: ["example.com/kept"] }, spec: { nodeName: "elsewhere" } };
  const patch = { type: "merge", body } as const;
  const patched = await client.patch(pods, { namespace, name: "p" }, patch, { subresource: "status" });
  assert.deepEqual(patched.metadata?.annotations, annotations);
  assert.deepEqual([patched.metadata?.finalizers, patched.spec?.nodeName], [undefined, undefined]);
});
