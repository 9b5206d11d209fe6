import assert from "node:assert/strict";
import { test } from "node:test";
import type { AdmissionRequest } from "../../api/admission.ts";
import { defaultConfiguration } from "../../api/kubevirt/configuration.ts";
import { withDumpVolume } from "../../api/kubevirt/memory-dump.ts";
import { virtualMachineInstances, virtualMachines } from "../../api/kubevirt/resources.ts";
import { sampleVm, sampleVmi } from "../../api/kubevirt/sample.ts";
import type { KubeObject, Resource } from "../../api/meta.ts";
import { StatusError } from "../base/errors.ts";
import { createClient } from "../client/create-client.ts";
import { clusterComponents, embeddedComponents } from "./admission/own-components.ts";
import { createAdmissionPlugins } from "./admission/plugins.ts";
import { discoveredResources } from "./discovery.ts";
import { parseRoute } from "./subresources/route.ts";

const prefix = "/apis/subresources.kubevirt.io/v1";
const plugins = createAdmissionPlugins({
  // Besides presets, of which there are none, only evictions and migrations ask the API: test/vm-api has them.
  client: {
    ...createClient({ server: "http://127.0.0.1:1" }),
    list: () => Promise.resolve({ metadata: {}, items: [] }),
  },
  configuration: () => defaultConfiguration,
  isOwnComponent: embeddedComponents,
});
const user = { name: "jane", groups: ["system:authenticated"] };
const agent = { name: "system:node:n", groups: ["system:nodes"] };

function routeOf(path: string, method = "GET"): string {
  const route = parseRoute(`${prefix}/${path}`, method);
  if (route.type !== "endpoint") return route.type;
  return [route.endpoint.plural, route.endpoint.subresource, route.namespace, route.name, ...route.rest].join(" ");
}

test("routes", () => {
  assert.equal(routeOf("version"), "version");
  assert.equal(routeOf("namespaces/n/expand-vm-spec", "PUT"), "expandVmSpec");
  assert.equal(routeOf("namespaces/n/virtualmachines/a/start", "PUT"), "virtualmachines start n a");
  assert.equal(routeOf("namespaces/n/virtualmachineinstances/a/vnc"), "virtualmachineinstances vnc n a");
  assert.equal(routeOf("namespaces/n/virtualmachines/a/addvolume", "PUT"), "virtualmachines addvolume n a");
  assert.equal(
    routeOf("namespaces/n/virtualmachineinstances/a/vnc/screenshot"),
    "virtualmachineinstances vnc/screenshot n a",
  );
  assert.equal(
    routeOf("namespaces/n/virtualmachineinstances/a/portforward/22/tcp"),
    "virtualmachineinstances portforward n a 22 tcp",
  );
});

test("what is not served is told apart from what is not there", () => {
  const code = (path: string, method = "GET"): number => {
    try {
      routeOf(path, method);
    } catch (error) {
      if (error instanceof StatusError) return error.code;
      throw error;
    }
    return 200;
  };
  assert.equal(code("namespaces/n/virtualmachines/a/backup", "PUT"), 501);
  assert.equal(code("namespaces/n/virtualmachines/a/nothing", "PUT"), 404);
  assert.equal(code("namespaces/n/virtualmachines/a/start", "GET"), 405);
  assert.equal(code("namespaces/n/virtualmachines/%ZZ/start", "PUT"), 400);
});

test("discovery names each endpoint once", () => {
  const names = discoveredResources().map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
});

function admission(resource: Resource, object: KubeObject, more: Partial<AdmissionRequest> = {}): AdmissionRequest {
  const oldObject = undefined;
  return {
    operation: "CREATE",
    resource,
    subresource: "",
    namespace: "default",
    name: "a",
    user,
    dryRun: false,
    object,
    oldObject,
    ...more,
  };
}

async function run(request: AdmissionRequest): Promise<{ object: KubeObject | undefined; warnings: string[] }> {
  const current = { ...request };
  const matching = plugins.filter((plugin) => plugin.matches(current));
  for (const plugin of matching) current.object = (await plugin.mutate?.(current)) ?? current.object;
  const warnings: string[] = [];
  for (const plugin of matching) warnings.push(...((await plugin.validate?.(current)) ?? []));
  return { object: current.object, warnings };
}

test("admission defaults and validates on create", async () => {
  const { object } = await run(admission(virtualMachineInstances, sampleVmi()));
  assert.equal((object as ReturnType<typeof sampleVmi>).status?.phase, "Pending");
  const bad = sampleVm((vm) => Object.assign(vm.spec, { runStrategy: "x" }));
  await assert.rejects(run(admission(virtualMachines, bad)), { reason: "Invalid", code: 422 });
  const old = sampleVm((vm) => Object.assign(vm.spec, { runStrategy: undefined, running: true }));
  assert.match((await run(admission(virtualMachines, old))).warnings[0] ?? "", /deprecated/);
});

test("only vmpod's own components change an instance", async () => {
  const oldObject = sampleVmi((vmi) => Object.assign(vmi, { status: { phase: "Running" } }));
  const changed = sampleVmi((vmi) => Object.assign(vmi.spec, { terminationGracePeriodSeconds: 1 }));
  const update = { operation: "UPDATE", oldObject } as const;
  await assert.rejects(run(admission(virtualMachineInstances, changed, update)), { reason: "Invalid" });
  await run(admission(virtualMachineInstances, changed, { ...update, user: agent }));
  const touched = await run(admission(virtualMachineInstances, sampleVmi(), update));
  assert.deepEqual((touched.object as typeof oldObject).status, { phase: "Running" });
});

test("a machine that newer rules would refuse can still lose its finalizer", async () => {
  const { object } = await run(admission(virtualMachines, sampleVm()));
  const stored = object as ReturnType<typeof sampleVm>;
  stored.spec.runStrategy = "x";
  await run(admission(virtualMachines, stored, { operation: "UPDATE", oldObject: stored }));
});

test("the volume of a memory dump is the machine's own only while it was asked for", async () => {
  const { object } = await run(admission(virtualMachines, sampleVm()));
  const stored = object as ReturnType<typeof sampleVm>;
  stored.status = { memoryDumpRequest: { claimName: "dump", phase: "Completed" } };
  const update = (claimName: string) => {
    const changed = structuredClone(stored);
    changed.spec.template.spec = withDumpVolume(changed.spec.template.spec, claimName);
    return run(admission(virtualMachines, changed, { operation: "UPDATE", oldObject: stored }));
  };
  await update("dump");
  await assert.rejects(update("other"), {
    reason: "Invalid",
    message: /volumes\[1\]\.memoryDump: .*vmpod memory-dump get/,
  });
});

test("a wrong type is left for the schema to name", async () => {
  const broken = sampleVm((vm) => Object.assign(vm.spec.template.spec.domain.devices, { disks: "none" }));
  const [plugin] = plugins.filter((each) => each.matches(admission(virtualMachines, broken)));
  assert.ok(await plugin?.mutate?.(admission(virtualMachines, broken)));
});

test("each mode knows its own components, and not the other's", () => {
  const cluster = clusterComponents("vmpod");
  const users = [
    { name: "system:serviceaccount:vmpod:vmpod-controller", groups: [] },
    { name: "system:serviceaccount:vmpod:vmpod-api-extension", groups: [] },
    { name: "system:serviceaccount:vmpod:vmpod-agent", groups: [] },
    { name: "system:serviceaccount:other:vmpod-agent", groups: [] },
    { name: "system:serviceaccount:vmpod:default", groups: [] },
    { name: "system:vmpod:controller", groups: [] },
    agent,
    user,
  ];
  assert.deepEqual(users.map(cluster), [true, true, true, false, false, false, false, false]);
  assert.deepEqual(users.map(embeddedComponents), [false, false, false, false, false, true, true, false]);
});
