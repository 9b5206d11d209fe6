/** The extension as a process, asked as a cluster would ask it: who is believed, who may what, what changes while it runs. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { after, before, test } from "node:test";
import { WebSocket } from "ws";
import { nodes, type Pod, pods, secrets, serviceAccounts } from "../../api/core.ts";
import { annotations, labels, launcherApp } from "../../api/kubevirt/names.ts";
import { virtualMachineInstances } from "../../api/kubevirt/resources.ts";
import { sampleVm, sampleVmi } from "../../api/kubevirt/sample.ts";
import type { VirtualMachineInstance } from "../../api/kubevirt/types.ts";
import { certificateSecrets, defaultNamespace } from "../../src/base/cluster-names.ts";
import { waitFor } from "../../src/client/wait-for.ts";
import { eventually } from "../embedded/instance.ts";
import type { KeyPair } from "../../src/pki/certificate.ts";
import { controllerReference } from "../../src/runtime/owner-references.ts";
import { type Answered, ask, type Asked, askHttp2, askJson, tlsOf } from "./ask.ts";
import { startEchoAgent } from "./echo-agent.ts";
import { bind, type ExtensionProcess, startExtensionProcess, timeoutMs } from "./extension-process.ts";

const groupPath = "/apis/subresources.kubevirt.io";
const consolePath = `${groupPath}/v1/namespaces/default/virtualmachineinstances/a/console`;
const startPath = `${groupPath}/v1/namespaces/default/virtualmachines/none/start`;

let extension: ExtensionProcess;
let frontProxy: KeyPair;
before(async () => {
  extension = await startExtensionProcess(["--drain-seconds", "6"]);
  frontProxy = await extension.proxy("front-proxy-client");
  await untilReady(extension);
});
after(() => extension.stop());

async function untilReady(process: ExtensionProcess): Promise<void> {
  for (const deadline = Date.now() + timeoutMs; ; ) {
    const code = await ask(process, "/readyz").then(
      (answer) => answer.code,
      () => 0,
    );
    if (code === 200) return;
    assert.ok(Date.now() < deadline, "it does not become ready");
    await delay(100);
  }
}

function forwarded(user: string, groups: string[] = [], more: Asked = {}): Asked {
  return { ...more, as: frontProxy, headers: { "X-Remote-User": user, "X-Remote-Group": groups, ...more.headers } };
}

const masters = (): Asked => forwarded("admin", ["system:masters"]);

test("health, readiness and version are open, everything else is not", async () => {
  for (const path of ["/healthz", "/readyz", "/version"]) assert.equal((await ask(extension, path)).code, 200, path);
  for (const path of ["/apis", `${groupPath}/v1`, "/metrics", `${groupPath}/v1/version`, "/nothing"])
    assert.equal((await ask(extension, path)).code, 401, path);
});

test("discovery shows the group to whoever the front proxy names", async () => {
  const asked = forwarded("jane", ["system:authenticated"]);
  const groups = await askJson<{ groups: { name: string }[] }>(extension, "/apis", asked);
  assert.deepEqual(
    groups.groups.map(({ name }) => name),
    ["subresources.kubevirt.io"],
  );
  const group = await askJson<{ versions: { version: string }[]; preferredVersion: object }>(
    extension,
    groupPath,
    asked,
  );
  assert.deepEqual(
    group.versions.map(({ version }) => version),
    ["v1", "v1alpha3"],
  );
  const list = await askJson<{ kind: string; resources: { name: string; verbs: string[] }[] }>(
    extension,
    `${groupPath}/v1`,
    asked,
  );
  assert.equal(list.kind, "APIResourceList");
  assert.ok(list.resources.some(({ name, verbs }) => name === "virtualmachineinstances/console" && verbs[0] === "get"));
  const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
  const aggregated = await askJson<{ kind: string }>(extension, "/apis", {
    ...asked,
    headers: { ...asked.headers, accept },
  });
  assert.equal(aggregated.kind, "APIGroupDiscoveryList");
});

test("HTTP/2 answers as HTTP/1.1 does", async () => {
  const answer = await askHttp2(extension, `${groupPath}/v1/version`, masters());
  assert.equal(answer.code, 200);
  assert.match(answer.text, /gitVersion/);
  const refused = await askHttp2(extension, startPath, forwarded("jane", [], { method: "PUT" }));
  assert.equal(refused.code, 403);
});

test("what is asked is authorised for whom the front proxy names", async () => {
  const put = (user: string, groups: string[]) =>
    askJson<{ message: string }>(extension, startPath, forwarded(user, groups, { method: "PUT" }));
  const refused = await put("jane", ["a"]);
  assert.equal(refused.code, 403);
  assert.equal(
    refused.message,
    'virtualmachines.subresources.kubevirt.io "none" is forbidden: User "jane" cannot update resource "virtualmachines/start" in API group "subresources.kubevirt.io" in the namespace "default"',
  );
  assert.equal((await put("admin", ["system:masters"])).code, 404);
  await bind(extension.client, "kubevirt.io:admin", { kind: "Group", name: "operators" });
  await eventually("operators may", 30_000, async () => (await put("jane", ["operators"])).code === 404 || undefined);
});

test("headers of anybody else mean nothing", async () => {
  const headers = { "X-Remote-User": "admin", "X-Remote-Group": "system:masters" };
  const start = async (as: KeyPair | undefined) => {
    const answer = await askJson<{ message: string }>(extension, startPath, {
      method: "PUT",
      headers,
      ...(as && { as }),
    });
    return [answer.code, /User "(.*?)"/.exec(answer.message)?.[1]];
  };
  assert.deepEqual(await start(undefined), [401, undefined]);
  assert.deepEqual(await start(await extension.user("jane")), [403, "jane"]);
  // A name of the front proxy does not make one.
  assert.deepEqual(await start(await extension.user("front-proxy-client")), [403, "front-proxy-client"]);
  // Nor does its authority alone: it vouches for other proxies, too.
  assert.deepEqual(await start(await extension.proxy("somebody")), [401, undefined]);
  assert.deepEqual(await start(extension.agent), [401, undefined]);
});

test("client certificates and tokens of the cluster count by themselves", async () => {
  const version = `${groupPath}/v1/version`;
  assert.equal((await ask(extension, version, { as: await extension.user("admin", ["system:masters"]) })).code, 200);
  const robot = { namespace: "default", name: "robot" };
  const { status } = await extension.client.request<{ status: { token: string } }>(
    "POST",
    `/api/v1/namespaces/default/${serviceAccounts.plural}/robot/token`,
    { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { audiences: [], expirationSeconds: 600 } },
  );
  const bearer = { headers: { authorization: `Bearer ${status.token}` } };
  await bind(extension.client, "kubevirt.io:edit", { kind: "ServiceAccount", ...robot });
  const start = async () => (await ask(extension, startPath, { method: "PUT", ...bearer })).code;
  await eventually("the robot may", 30_000, async () => (await start()) === 404 || undefined);
  const wrong = { headers: { authorization: `Bearer ${status.token.slice(0, -4)}AAAA` } };
  assert.equal((await ask(extension, startPath, { method: "PUT", ...wrong })).code, 401);
});

test("metrics are for whoever may read them", async () => {
  assert.equal((await ask(extension, "/metrics", forwarded("jane"))).code, 403);
  const { code, text } = await ask(extension, "/metrics", masters());
  assert.equal(code, 200);
  assert.match(text, /apiserver_request_total\{verb="update",resource="virtualmachines",code="404"\}/);
});

function review(request: object): Asked {
  const body = JSON.stringify({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request });
  return { method: "POST", headers: { "content-type": "application/json" }, body };
}

const vmReview = {
  uid: "u1",
  kind: { group: "kubevirt.io", version: "v1", kind: "VirtualMachine" },
  resource: { group: "kubevirt.io", version: "v1", resource: "virtualmachines" },
  operation: "CREATE",
  namespace: "default",
  name: "a",
  userInfo: { username: "jane", groups: [] },
};

interface Reviewed {
  response: {
    uid: string;
    allowed: boolean;
    patch?: string;
    status?: { code: number; message: string; reason: string };
  };
}

test("webhooks default and validate, for callers that bring no certificate", async () => {
  const mutated = await askJson<Reviewed>(extension, "/mutate", review({ ...vmReview, object: sampleVm() }));
  assert.equal(mutated.code, 200);
  assert.equal(mutated.response.allowed, true);
  assert.match(Buffer.from(mutated.response.patch ?? "", "base64").toString(), /finalizers/);
  const bad = sampleVm((vm) => Object.assign(vm.spec, { runStrategy: "x" }));
  const { response } = await askJson<Reviewed>(extension, "/validate", review({ ...vmReview, object: bad }));
  assert.deepEqual([response.uid, response.allowed, response.status?.code], ["u1", false, 422]);
});

test("webhooks refuse what is no review, too large, or not JSON", async () => {
  const post = (asked: Asked) => ask(extension, "/validate", asked).then(({ code }) => code);
  assert.equal(await post({ method: "GET" }), 405);
  assert.equal(await post({ ...review(vmReview), headers: { "content-type": "text/plain" } }), 415);
  assert.equal(await post({ ...review(vmReview), body: "{" }), 400);
  assert.equal(await post({ ...review(vmReview), body: "{}" }), 400);
  assert.equal(await post({ ...review(vmReview), body: JSON.stringify("x".repeat(8 * 2 ** 20)) }), 413);
});

async function startMachine(name: string, strategy: string, canMigrate: boolean): Promise<VirtualMachineInstance> {
  const conditions = [{ type: "LiveMigratable", status: canMigrate ? "True" : "False" }];
  const metadata = { name, namespace: "default" };
  const spec = { ...sampleVmi().spec, evictionStrategy: strategy };
  const created = await extension.client.create(virtualMachineInstances, { ...sampleVmi(), metadata, spec });
  const status = { phase: "Running", nodeName: "n1", conditions };
  const vmi = await extension.client.updateStatus(virtualMachineInstances, { ...created, status });
  const pod: Pod = {
    metadata: {
      name: `virt-launcher-${name}`,
      namespace: "default",
      labels: { [labels.app]: launcherApp, [labels.vmName]: name },
      annotations: { [annotations.domain]: name },
      ownerReferences: [controllerReference(virtualMachineInstances, vmi)],
    },
    spec: { nodeName: "n1", containers: [{ name: "compute", image: "x" }] },
  };
  await extension.client.create(pods, pod);
  return vmi;
}

async function evict(pod: string, more: object = {}): Promise<Reviewed["response"]> {
  const request = {
    uid: "u2",
    kind: { group: "policy", version: "v1", kind: "Eviction" },
    resource: { group: "", version: "v1", resource: "pods" },
    subResource: "eviction",
    operation: "CREATE",
    namespace: "default",
    name: pod,
    userInfo: { username: "drainer" },
    object: { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: pod } },
    ...more,
  };
  return (await askJson<Reviewed>(extension, "/validate", review(request))).response;
}

function evacuationOf(name: string): Promise<string | undefined> {
  const key = { namespace: "default", name };
  return extension.client.get(virtualMachineInstances, key).then(({ status }) => status?.evacuationNodeName);
}

test("an eviction of a machine that can migrate is refused for now and noted; others go their way", async () => {
  await startMachine("moves", "LiveMigrate", true);
  await startMachine("stays", "LiveMigrate", false);
  await startMachine("yields", "LiveMigrateIfPossible", false);
  const dry = await evict("virt-launcher-moves", { dryRun: true });
  assert.deepEqual([dry.allowed, dry.status?.code, await evacuationOf("moves")], [false, 429, undefined]);
  const { allowed, status } = await evict("virt-launcher-moves");
  assert.deepEqual([allowed, status?.code, status?.reason], [false, 429, "TooManyRequests"]);
  assert.equal(status?.message, 'Eviction triggered evacuation of VMI "default/moves"');
  assert.equal(await evacuationOf("moves"), "n1");
  assert.match((await evict("virt-launcher-moves")).status?.message ?? "", /^Evacuation in progress: /);
  assert.match((await evict("virt-launcher-stays")).status?.message ?? "", /is not live-migratable: stop it, or set/);
  assert.equal(await evacuationOf("stays"), undefined);
  for (const pod of ["virt-launcher-yields", "virt-launcher-none", "web-1"])
    assert.equal((await evict(pod)).allowed, true, pod);
});

function openConsole(asked: Asked, protocols = ["plain.kubevirt.io"]): WebSocket {
  const { as, headers = {} } = asked;
  return new WebSocket(`wss://127.0.0.1:${extension.port}${consolePath}`, protocols, {
    ...tlsOf(extension, as),
    headers: headers as Record<string, string>,
  });
}

async function refusalOf(socket: WebSocket): Promise<number> {
  socket.on("error", () => undefined);
  const [, response] = (await once(socket, "unexpected-response")) as [unknown, { statusCode: number }];
  return response.statusCode;
}

test("a console goes through to the node's agent, whose certificate is verified", async () => {
  const agent = await startEchoAgent(extension.agent);
  const endpoint = { [annotations.agentEndpoint]: `https://127.0.0.1:${agent.port}` };
  await extension.client.create(nodes, { metadata: { name: "n1", annotations: endpoint } });
  await startMachine("a", "None", false);
  assert.equal(await refusalOf(openConsole({})), 401);
  assert.equal(await refusalOf(openConsole(forwarded("jane"))), 403);
  const token = `base64url.bearer.authorization.k8s.io.${Buffer.from("secret").toString("base64url")}`;
  const socket = openConsole({ ...masters(), headers: { ...masters().headers, "X-Remote-Group": "system:masters" } }, [
    token,
    "plain.kubevirt.io",
  ]);
  await once(socket, "open");
  socket.send(Buffer.from("hello"));
  const [echo] = (await once(socket, "message")) as [Buffer];
  assert.equal(echo.toString(), "hello");
  assert.equal(agent.headers()["sec-websocket-protocol"], "plain.kubevirt.io");
  socket.terminate();
  agent.close();
});

test("another authority of front proxies is believed as soon as the cluster names it, and the first no more", async () => {
  const version = `${groupPath}/v1/version`;
  const old = frontProxy;
  frontProxy = await extension.replaceProxies("front-proxy-client");
  for (const deadline = Date.now() + timeoutMs; (await ask(extension, version, masters())).code !== 200; ) {
    assert.ok(Date.now() < deadline, "the new one is not believed");
    await delay(50);
  }
  assert.equal((await ask(extension, version, { ...masters(), as: old })).code, 401);
});

test("a new certificate is served as soon as it is mounted", async () => {
  const before = await ask(extension, "/healthz");
  const key = { namespace: defaultNamespace, name: certificateSecrets.extensionServer };
  const old = await extension.client.get(secrets, key);
  await extension.client.delete(secrets, key);
  await waitFor(
    extension.client,
    secrets,
    key,
    (secret) => secret !== undefined && secret.metadata?.uid !== old.metadata?.uid,
    { timeoutMs },
  );
  await extension.mount(certificateSecrets.extensionServer);
  let answer: Answered = before;
  for (const deadline = Date.now() + timeoutMs; answer.serial === before.serial && Date.now() < deadline; ) {
    await delay(200);
    answer = await ask(extension, "/healthz");
  }
  assert.notEqual(answer.serial, before.serial);
});

test("SIGTERM: it is not ready any more, answers for a while, and ends", async () => {
  const running = extension.terminate();
  for (let code = 200; code !== 503; code = (await ask(extension, "/readyz")).code) await delay(20);
  assert.equal((await ask(extension, `${groupPath}/v1/version`, masters())).code, 200);
  assert.equal(await running, 0);
});

test("with --authorize-webhooks only who may POST to their paths is answered", async () => {
  const strict = await startExtensionProcess(["--authorize-webhooks"]);
  try {
    await untilReady(strict);
    const asked = review({ ...vmReview, object: sampleVm() });
    assert.equal((await ask(strict, "/mutate", asked)).code, 401);
    assert.equal((await ask(strict, "/mutate", { ...asked, as: await strict.user("jane") })).code, 403);
    const master = await strict.user("apiserver", ["system:masters"]);
    assert.equal((await ask(strict, "/mutate", { ...asked, as: master })).code, 200);
  } finally {
    await strict.stop();
  }
});
