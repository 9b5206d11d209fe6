/** @kubernetes/client-node, as an independent opinion on lists, watches and informers. */
import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { CoreV1Api, KubeConfig, makeInformer, type V1ConfigMap } from "@kubernetes/client-node";
import { type ApiserverProcess, startApiserverProcess } from "../client/apiserver-process.ts";
import { eventually } from "../embedded/instance.ts";

let server: ApiserverProcess;
let config: KubeConfig;
let core: CoreV1Api;

before(async () => {
  server = await startApiserverProcess();
  config = new KubeConfig();
  config.loadFromFile(server.kubeconfig);
  core = config.makeApiClient(CoreV1Api);
});

after(() => server.remove());

const namespace = "default";

it("creates, reads, replaces and deletes", async () => {
  const made = await core.createNamespacedConfigMap({
    namespace,
    body: { metadata: { name: "one" }, data: { a: "1" } },
  });
  const replaced = await core.replaceNamespacedConfigMap({
    namespace,
    name: "one",
    body: Object.assign(made, { data: { a: "2" } }),
  });
  assert.equal(replaced.data?.["a"], "2");
  assert.equal((await core.listNamespacedConfigMap({ namespace, fieldSelector: "metadata.name=one" })).items.length, 1);
  await core.deleteNamespacedConfigMap({ namespace, name: "one" });
  await assert.rejects(core.readNamespacedConfigMap({ namespace, name: "one" }), { code: 404 });
});

it("feeds an informer, also across a kill -9 of the server", async () => {
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  const informer = makeInformer<V1ConfigMap>(config, path, () => core.listNamespacedConfigMap({ namespace }));
  const seen = new Map<string, string | undefined>();
  for (const event of ["add", "update"] as const)
    informer.on(event, (object: V1ConfigMap) => seen.set(object.metadata?.name ?? "", object.data?.["v"]));
  informer.on("delete", (object: V1ConfigMap) => seen.delete(object.metadata?.name ?? ""));
  // The library stops on a broken connection and leaves the restart to its user.
  let stopped = false;
  informer.on("error", () => void delay(100).then(() => (stopped ? undefined : informer.start())));
  await informer.start();
  await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: "seen" }, data: { v: "1" } } });
  await until(() => seen.get("seen") === "1");
  await server.kill();
  await server.start();
  await core.patchNamespacedConfigMap({
    namespace,
    name: "seen",
    body: [{ op: "replace", path: "/data/v", value: "2" }],
  });
  await until(() => seen.get("seen") === "2");
  await core.deleteNamespacedConfigMap({ namespace, name: "seen" });
  await until(() => !seen.has("seen"));
  stopped = true;
  await informer.stop();
});

async function until(isTrue: () => boolean): Promise<void> {
  await eventually("the informer sees the change", 60_000, () => isTrue() || undefined);
}
