/** VirtualMachineInstanceReplicaSets through stock kubectl: the real API server and controllers, no node, so nothing boots. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  type VirtualMachineInstanceReplicaSet,
  virtualMachineInstanceReplicaSets,
  virtualMachineInstances,
} from "../../api/kubevirt/resources.ts";
import { sampleSpec } from "../../api/kubevirt/sample.ts";
import type { VirtualMachineInstance } from "../../api/kubevirt/types.ts";
import { waitFor } from "../../src/client/wait-for.ts";
import { eventually } from "../embedded/instance.ts";
import { refusal, startVmApiServer, timeoutMs, type VmApiServer } from "./vm-api-server.ts";

let server: VmApiServer;
before(async () => {
  server = await startVmApiServer();
});
after(() => server.stop());

type Spec = Partial<VirtualMachineInstanceReplicaSet["spec"]>;

function replicaSet(name: string, spec: Spec = {}, labels: Record<string, string> = { app: name }) {
  return {
    apiVersion: "kubevirt.io/v1",
    kind: "VirtualMachineInstanceReplicaSet",
    metadata: { name, namespace: "default" },
    spec: { selector: { matchLabels: { app: name } }, template: { metadata: { labels }, spec: sampleSpec() }, ...spec },
  };
}

function reaches(name: string, holds: (set: VirtualMachineInstanceReplicaSet) => boolean) {
  const key = { namespace: "default", name };
  return waitFor(server.client, virtualMachineInstanceReplicaSets, key, (set) => set !== undefined && holds(set), {
    timeoutMs,
  });
}

const counts =
  (replicas: number) =>
  ({ status }: VirtualMachineInstanceReplicaSet): boolean =>
    status?.replicas === replicas;

async function members(name: string): Promise<VirtualMachineInstance[]> {
  const { items } = await server.client.list(virtualMachineInstances, {
    namespace: "default",
    labelSelector: `app=${name}`,
  });
  return items.filter(({ metadata }) => metadata?.deletionTimestamp === undefined);
}

function untilMembers(name: string, holds: (vmis: VirtualMachineInstance[]) => boolean) {
  return eventually(`the instances of ${name}`, 60_000, async () => {
    const vmis = await members(name);
    return holds(vmis) ? vmis : undefined;
  });
}

test("it makes as many instances as kubectl scale says, and removes them", async () => {
  await server.apply(replicaSet("web"));
  await reaches("web", counts(1));
  await server.kubectl(["scale", "vmirs", "web", "--replicas=3"]);
  const set = await reaches("web", counts(3));
  assert.equal(set?.status?.labelSelector, "app=web");
  assert.equal((await members("web")).length, 3);
  const scale = await server.client.request<{ status: object }>(
    "GET",
    "/apis/kubevirt.io/v1/namespaces/default/virtualmachineinstancereplicasets/web/scale",
  );
  assert.deepEqual(scale.status, { replicas: 3, selector: "app=web" });
  assert.match(await server.kubectl(["get", "vmirs"]), /NAME +DESIRED +CURRENT +READY +AGE\nweb +3 +3 +0? /);
  await server.kubectl(["scale", "vmirs/web", "--replicas=0"]);
  await reaches("web", counts(0));
  await untilMembers("web", (vmis) => vmis.length === 0);
  const events = await eventually("its events", 60_000, async () => {
    const text = await server.kubectl(["get", "events", "--field-selector=involvedObject.name=web"]);
    return /SuccessfulDelete/.test(text) ? text : undefined;
  });
  assert.match(events, /SuccessfulCreate .* creating the new virtual machine instance web\w{5}/);
});

test("one that is deleted, or ended, is replaced", async () => {
  await server.apply(replicaSet("kept", { replicas: 2 }));
  const [first, second] = await untilMembers("kept", (vmis) => vmis.length === 2);
  await server.kubectl(["delete", "vmi", first?.metadata?.name ?? "", "--wait=false"]);
  await untilMembers(
    "kept",
    (vmis) => vmis.length === 2 && vmis.every(({ metadata }) => metadata?.uid !== first?.metadata?.uid),
  );
  await server.client.patch(
    virtualMachineInstances,
    { namespace: "default", name: second?.metadata?.name ?? "" },
    { type: "merge", body: { status: { phase: "Failed" } } },
    { subresource: "status" },
  );
  await untilMembers(
    "kept",
    (vmis) => vmis.length === 2 && vmis.every(({ metadata }) => metadata?.uid !== second?.metadata?.uid),
  );
  await server.kubectl(["delete", "vmirs", "kept"]);
});

test("a paused one does nothing, and says so", async () => {
  await server.apply(replicaSet("quiet", { replicas: 1, paused: true }));
  const paused = await reaches("quiet", ({ status }) => status?.conditions !== undefined);
  assert.deepEqual(
    paused?.status?.conditions?.map(({ type, status, reason }) => [type, status, reason]),
    [["ReplicaPaused", "True", "Paused"]],
  );
  assert.deepEqual(await members("quiet"), []);
  await server.apply(replicaSet("quiet", { replicas: 1, paused: false }));
  const resumed = await reaches("quiet", counts(1));
  assert.equal(resumed?.status?.conditions, undefined);
  await eventually("its events", 60_000, async () =>
    /SuccessfulResumed/.test(await server.kubectl(["get", "events"])) ? true : undefined,
  );
});

test("orphans live on, and are adopted by the next of the name", async () => {
  await server.apply(replicaSet("heir", { replicas: 2 }));
  const before = await untilMembers("heir", (vmis) => vmis.length === 2);
  await server.kubectl(["delete", "vmirs", "heir", "--cascade=orphan"]);
  await untilMembers(
    "heir",
    (vmis) => vmis.length === 2 && vmis.every(({ metadata }) => !metadata?.ownerReferences?.length),
  );
  await server.apply(replicaSet("heir", { replicas: 2 }));
  const after = await untilMembers("heir", (vmis) => vmis.every(({ metadata }) => metadata?.ownerReferences?.length));
  const uids = (vmis: VirtualMachineInstance[]) => new Set(vmis.map(({ metadata }) => metadata?.uid));
  assert.deepEqual(uids(after), uids(before));
  await server.kubectl(["label", "vmi", after[0]?.metadata?.name ?? "", "app=alone", "--overwrite"]);
  await untilMembers("alone", ([vmi]) => vmi !== undefined && !vmi.metadata?.ownerReferences?.length);
  await untilMembers("heir", (vmis) => vmis.length === 2);
});

test("what could make no machine, or machines without end, is refused", async () => {
  const cases: [set: object, expected: RegExp][] = [
    [replicaSet("bad", {}, { app: "other" }), /spec\.selector: .*selector does not match labels/],
    [replicaSet("bad", { selector: {} }), /spec\.selector: Required value/],
    [replicaSet("bad", { replicas: -1 }), /spec\.replicas: .*greater than or equal to 0/],
    [
      replicaSet("bad", { template: { metadata: { labels: { app: "bad" } }, spec: { domain: { devices: {} } } } }),
      /spec\.template\.spec\.domain/,
    ],
  ];
  for (const [set, expected] of cases) assert.match(await refusal(server.apply(set)), expected);
});
