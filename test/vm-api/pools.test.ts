/** VirtualMachinePools through stock kubectl: the real API server and controllers, no node, so nothing boots. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  type VirtualMachinePool,
  virtualMachineInstances,
  virtualMachinePools,
  virtualMachines,
} from "../../api/kubevirt/resources.ts";
import { sampleSpec } from "../../api/kubevirt/sample.ts";
import type { VirtualMachine } from "../../api/kubevirt/types.ts";
import { waitFor } from "../../src/client/wait-for.ts";
import { eventually } from "../embedded/instance.ts";
import { refusal, startVmApiServer, timeoutMs, type VmApiServer } from "./vm-api-server.ts";

let server: VmApiServer;
before(async () => {
  server = await startVmApiServer();
});
after(() => server.stop());

const key = (name: string) => ({ namespace: "default", name });

type Spec = Partial<VirtualMachinePool["spec"]>;

function pool(name: string, spec: Spec = {}, { labels = { app: name }, guest = "128Mi" } = {}) {
  const instance = sampleSpec(({ domain }) => {
    domain.memory = { guest };
    delete domain.firmware;
  });
  const machine = { runStrategy: "Always", template: { metadata: { labels }, spec: instance } };
  return {
    apiVersion: "pool.kubevirt.io/v1beta1",
    kind: "VirtualMachinePool",
    metadata: { name, namespace: "default" },
    spec: {
      selector: { matchLabels: { app: name } },
      virtualMachineTemplate: { metadata: { labels }, spec: machine },
      ...spec,
    },
  };
}

async function machines(name: string): Promise<VirtualMachine[]> {
  return (await server.client.list(virtualMachines, { namespace: "default", labelSelector: `app=${name}` })).items;
}

function untilMachines(name: string, names: string[]) {
  return eventually(`the machines ${names.join(", ")}`, 60_000, async () => {
    const found = await machines(name);
    const seen = new Set(found.map(({ metadata }) => metadata?.name));
    return found.length === names.length && names.every((each) => seen.has(each)) ? found : undefined;
  });
}

const instance = (name: string) =>
  waitFor(server.client, virtualMachineInstances, key(name), (vmi) => vmi !== undefined, { timeoutMs });

test("its machines have numbers; kubectl scale changes how many there are", async () => {
  await server.apply(
    pool("web", {
      replicas: 2,
      scaleInStrategy: { proactive: { selectionPolicy: { sortPolicy: "DescendingOrder" } } },
    }),
  );
  const [first] = await untilMachines("web", ["web-0", "web-1"]);
  assert.equal(first?.metadata?.ownerReferences?.[0]?.kind, "VirtualMachinePool");
  await server.kubectl(["scale", "vmpool", "web", "--replicas=3"]);
  await untilMachines("web", ["web-0", "web-1", "web-2"]);
  const isCounted = (each: VirtualMachinePool | undefined) => each?.status?.replicas === 3;
  const counted = await waitFor(server.client, virtualMachinePools, key("web"), isCounted, { timeoutMs });
  assert.equal(counted?.status?.labelSelector, "app=web");
  assert.match(await server.kubectl(["get", "vmpools"]), /NAME +DESIRED +CURRENT +READY +AGE\nweb +3 +3 /);
  assert.match(
    await server.kubectl(["get", "virtualmachinepools.v1alpha1.pool.kubevirt.io", "web", "-o", "name"]),
    /pool/,
  );
  await server.kubectl(["scale", "vmpool", "web", "--replicas=1"]);
  await untilMachines("web", ["web-0"]);
  await server.kubectl(["patch", "vm", "web-0", "--type=merge", "-p", '{"metadata":{"ownerReferences":null}}']);
  await untilMachines("web", ["web-0", "web-1"]);
});

test("a new template reaches the machines, and restarts what runs the former", async () => {
  await server.apply(pool("fresh", { replicas: 1 }));
  const before = await instance("fresh-0");
  await server.apply(pool("fresh", { replicas: 1 }, { guest: "192Mi" }));
  const isNew = (vmi: { metadata?: { uid?: string } } | undefined) =>
    vmi !== undefined && vmi.metadata?.uid !== before?.metadata?.uid;
  const after = await waitFor(server.client, virtualMachineInstances, key("fresh-0"), isNew, { timeoutMs });
  assert.equal(after?.spec.domain.memory?.guest, "192Mi");
  const revision = "kubevirt.io/vm-pool-revision-name";
  const vm = await server.client.get(virtualMachines, key("fresh-0"));
  assert.equal(after?.metadata?.labels?.[revision], vm.metadata?.labels?.[revision]);
  assert.equal(after?.spec.domain.firmware?.uuid, before?.spec.domain.firmware?.uuid, "it is the same machine");
});

test("an opportunistic update waits for the next restart", async () => {
  await server.apply(pool("calm", { replicas: 1, updateStrategy: { opportunistic: {} } }));
  const before = await instance("calm-0");
  await server.apply(pool("calm", { replicas: 1, updateStrategy: { opportunistic: {} } }, { guest: "192Mi" }));
  const wantsRestart = (vm: VirtualMachine | undefined) =>
    (vm?.status?.conditions ?? []).some(({ type }) => type === "RestartRequired");
  const vm = await waitFor(server.client, virtualMachines, key("calm-0"), wantsRestart, { timeoutMs });
  assert.equal(vm?.spec.template.spec.domain.memory?.guest, "192Mi");
  assert.equal((await instance("calm-0"))?.metadata?.uid, before?.metadata?.uid);
});

test("what goes with a pool, and what stays", async () => {
  for (const name of ["keeps", "loses"]) await server.apply(pool(name, { replicas: 1 }));
  const kept = await instance("keeps-0");
  await instance("loses-0");
  await server.kubectl(["delete", "vmpool", "keeps", "--cascade=orphan"]);
  await server.kubectl(["delete", "vmpool", "loses", "--cascade=foreground", "--timeout=60s"]);
  assert.deepEqual(await machines("loses"), [], "a foreground deletion has ended when they are gone");
  const [orphan] = await machines("keeps");
  assert.deepEqual(orphan?.metadata?.ownerReferences ?? [], []);
  assert.equal((await instance("keeps-0"))?.metadata?.uid, kept?.metadata?.uid);
});

test("what goes with a machine, and what stays", async () => {
  const machine = (name: string) => ({
    apiVersion: "kubevirt.io/v1",
    kind: "VirtualMachine",
    metadata: { name, namespace: "default" },
    spec: { runStrategy: "Always", template: { spec: sampleSpec() } },
  });
  for (const name of ["back", "fore", "left"]) await server.apply(machine(name));
  const uids = new Map<string, string | undefined>();
  for (const name of ["back", "fore", "left"]) uids.set(name, (await instance(name))?.metadata?.uid);
  await server.kubectl(["delete", "vm", "back", "--timeout=60s"]);
  await server.kubectl(["delete", "vm", "fore", "--cascade=foreground", "--timeout=60s"]);
  await server.kubectl(["delete", "vm", "left", "--cascade=orphan", "--timeout=60s"]);
  assert.doesNotMatch(
    await server.kubectl(["get", "vmi", "-o", "name"]),
    /\/(back|fore)/,
    "a machine ends with its instance",
  );
  const left = await instance("left");
  assert.equal(left?.metadata?.uid, uids.get("left"));
  assert.deepEqual(left?.metadata?.ownerReferences ?? [], []);
});

test("what could make no machine, or machines without end, is refused", async () => {
  const cases: [pool: object, expected: RegExp][] = [
    [pool("bad", {}, { labels: { app: "other" } }), /spec\.selector: .*selector does not match labels/],
    [pool("bad", {}, { guest: "-1Mi" }), /spec\.virtualMachineTemplate\.spec\.template\.spec\.domain\.memory\.guest/],
    [pool("bad", { maxUnavailable: "most" }), /spec\.maxUnavailable: .*"25%"/],
    [
      pool("bad", { scaleInStrategy: { proactive: { statePreservation: "Online" } } }),
      /statePreservation: .*use Offline/,
    ],
    [pool("web", { selector: { matchLabels: { app: "web", tier: "x" } } }), /spec\.selector: .*immutable/],
  ];
  for (const [manifest, expected] of cases) assert.match(await refusal(server.apply(manifest)), expected);
});
