/** Machines of a few lines, made of instance types and preferences: stock kubectl, the real API server and controllers, no node. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { controllerRevisions } from "../../api/apps.ts";
import {
  virtualMachineClusterInstancetypes,
  virtualMachineClusterPreferences,
  virtualMachineInstances,
  virtualMachines,
} from "../../api/kubevirt/resources.ts";
import type { VirtualMachine, VirtualMachineInstance } from "../../api/kubevirt/types.ts";
import type { Resource } from "../../api/meta.ts";
import { waitFor } from "../../src/client/wait-for.ts";
import { refusal, startVmApiServer, timeoutMs, type VmApiServer } from "./vm-api-server.ts";

let server: VmApiServer;
before(async () => {
  server = await startVmApiServer();
  await server.apply(object("VirtualMachineInstancetype", "csmall", { cpu: { guest: 4 }, memory: { guest: "1Gi" } }));
  await server.apply(
    object("VirtualMachinePreference", "tidy", {
      cpu: { preferredCPUTopology: "cores" },
      devices: { preferredDiskBus: "virtio", preferredInterfaceModel: "e1000", preferredRng: {} },
      machine: { preferredMachineType: "pc" },
      requirements: { cpu: { guest: 2 } },
    }),
  );
});
after(() => server.stop());

const key = (name: string) => ({ namespace: "default", name });

function object(kind: string, name: string, spec: object) {
  const isNamespaced = !kind.includes("Cluster");
  return {
    apiVersion: "instancetype.kubevirt.io/v1beta1",
    kind,
    metadata: { name, ...(isNamespaced && { namespace: "default" }) },
    spec,
  };
}

const local = {
  instancetype: { name: "csmall", kind: "VirtualMachineInstancetype" },
  preference: { name: "tidy", kind: "VirtualMachinePreference" },
};

function machine(name: string, spec: object = {}, domain: object = {}, template: object = {}) {
  return {
    apiVersion: "kubevirt.io/v1",
    kind: "VirtualMachine",
    metadata: { name, namespace: "default" },
    spec: {
      runStrategy: "Always",
      ...local,
      ...spec,
      template: {
        spec: {
          domain: { devices: {}, ...domain },
          volumes: [{ name: "root", containerDisk: { image: "localhost/vmpod/guest:latest" } }],
          ...template,
        },
      },
    },
  };
}

function instance(name: string): Promise<VirtualMachineInstance | undefined> {
  return waitFor(server.client, virtualMachineInstances, key(name), (vmi) => vmi !== undefined, { timeoutMs });
}

function subresource<T>(method: string, path: string, body?: unknown): Promise<T> {
  return server.client.request<T>(method, `/apis/subresources.kubevirt.io/v1/namespaces/default/${path}`, body);
}

test("a machine of two lines becomes what its instance type and preference say", async () => {
  await server.apply(machine("two-lines"));
  const vmi = await instance("two-lines");
  const { cpu, memory, devices, machine: board } = vmi?.spec.domain ?? {};
  assert.deepEqual([cpu?.sockets, cpu?.cores, cpu?.threads, memory?.guest], [1, 4, 1, "1Gi"]);
  assert.equal(board?.type, "pc");
  assert.deepEqual(
    devices?.disks?.map(({ name, disk }) => [name, disk?.bus]),
    [["root", "virtio"]],
  );
  assert.equal(devices?.interfaces?.[0]?.model, "e1000");
  assert.deepEqual(devices?.rng, {});
  assert.equal(vmi?.metadata?.annotations?.["kubevirt.io/instancetype-name"], "csmall");
  assert.equal(vmi?.metadata?.annotations?.["kubevirt.io/preference-name"], "tidy");
  const stored = await server.client.get(virtualMachines, key("two-lines"));
  assert.equal(stored.spec.template.spec.domain.cpu, undefined, "the machine itself stays as short as it was");
});

test("sizes and systems come along: u1.small with debian is a machine", async () => {
  for (const [resource, name] of [
    [virtualMachineClusterInstancetypes, "u1.small"],
    [virtualMachineClusterInstancetypes, "u1.8xlarge"],
    [virtualMachineClusterPreferences, "debian"],
  ] as [Resource, string][]) {
    await waitFor(server.client, resource, { name }, (each) => each !== undefined, { timeoutMs });
  }
  assert.match(
    await server.kubectl(["get", "vmcf", "-l", "instancetype.kubevirt.io/cpu=32", "-o", "name"]),
    /u1\.8xlarge/,
  );
  await server.apply(machine("shipped", { instancetype: { name: "u1.small" }, preference: { name: "debian" } }));
  const vmi = await instance("shipped");
  const { cpu, memory, devices } = vmi?.spec.domain ?? {};
  assert.deepEqual([cpu?.sockets, memory?.guest, devices?.disks?.[0]?.disk?.bus], [1, "2Gi", "virtio"]);
  assert.equal(vmi?.spec.terminationGracePeriodSeconds, 180);
  assert.equal(vmi?.metadata?.annotations?.["kubevirt.io/cluster-preference-name"], "debian");
});

test("it stays what it was made from, until it is told to be another", async () => {
  await server.apply(machine("pinned", { runStrategy: "Halted" }));
  const isPinned = (vm: VirtualMachine | undefined) => vm?.status?.instancetypeRef?.controllerRevisionRef !== undefined;
  const vm = await waitFor(server.client, virtualMachines, key("pinned"), isPinned, { timeoutMs });
  const name = vm?.status?.instancetypeRef?.controllerRevisionRef?.name ?? "";
  assert.match(name, /^pinned-csmall-v1beta1-[\da-f-]{36}-1$/);
  const revision = await server.client.get(controllerRevisions, key(name));
  assert.equal(revision.metadata?.ownerReferences?.[0]?.name, "pinned");
  assert.equal(revision.metadata?.labels?.["instancetype.kubevirt.io/object-kind"], "VirtualMachineInstancetype");
  await server.kubectl(["delete", "vmpref,vminstancetype", "--all"]);
  await subresource("PUT", "virtualmachines/pinned/start", {});
  assert.equal((await instance("pinned"))?.spec.domain.cpu?.cores, 4);
  const other = { cpu: { guest: 2 }, memory: { guest: "512Mi" } };
  await server.apply(object("VirtualMachineClusterInstancetype", "other", other));
  await server.apply(machine("pinned", { instancetype: { name: "other" } }));
  const wantsRestart = (each: VirtualMachine | undefined) =>
    (each?.status?.conditions ?? []).some(({ type }) => type === "RestartRequired") && isPinned(each);
  const changed = await waitFor(server.client, virtualMachines, key("pinned"), wantsRestart, { timeoutMs });
  assert.equal(changed?.spec.instancetype?.kind, "virtualmachineclusterinstancetype");
  assert.match(changed?.status?.instancetypeRef?.controllerRevisionRef?.name ?? "", /^pinned-other-/);
  await server.kubectl(["delete", "vm", "--all", "--timeout=60s"]);
});

test("what contradicts an instance type, or is not there, is refused in upstream's words", async () => {
  await server.apply(object("VirtualMachineInstancetype", "csmall", { cpu: { guest: 1 }, memory: { guest: "1Gi" } }));
  const needs = { requirements: { cpu: { guest: 2 }, memory: { guest: "2Gi" } } };
  await server.apply(object("VirtualMachinePreference", "big", needs));
  const bare = { preference: undefined };
  const table: [object, RegExp[]][] = [
    [
      machine("bad", bare, { cpu: { cores: 2 }, memory: { guest: "1Gi" } }),
      [
        /\* spec\.template\.spec\.domain\.cpu\.cores: VM field\(s\) spec\.template\.spec\.domain\.cpu\.cores conflicts with selected/,
        /\* spec\.template\.spec\.domain\.memory\.guest: VM field\(s\)/,
      ],
    ],
    [
      machine("bad", { ...bare, instancetype: { name: "nothing" } }),
      [/spec\.instancetype: Failure to find instancetype: virtualmachineclusterinstancetypes\.\S+ "nothing" not found/],
    ],
    [
      machine("bad", { preference: { name: "nothing", kind: "VirtualMachinePreference" } }),
      [/spec\.preference: Failure to find preference: virtualmachinepreferences\.\S+ "nothing" not found/],
    ],
    [
      machine("bad", { ...bare, instancetype: { name: "csmall", kind: "Pod" } }),
      [/spec\.instancetype\.kind: .*got unexpected kind/],
    ],
    [
      machine("bad", { ...bare, instancetype: {} }),
      [/spec\.instancetype: .*Either Name or InferFromVolume should be provided within the instancetype matcher/],
    ],
    [
      machine("bad", { preference: { name: "big", kind: "VirtualMachinePreference" } }),
      [
        /insufficient CPU resources of 1 vCPU provided by instance type, preference requires 2 vCPU/,
        /insufficient Memory resources of 1Gi provided by instance type, preference requires 2Gi/,
      ],
    ],
  ];
  for (const [manifest, says] of table) {
    const words = await refusal(server.apply(manifest));
    for (const expected of says) assert.match(words, expected);
  }
});

test("instance types and preferences are checked themselves, and kubectl knows their short names", async () => {
  const overcommitted = { cpu: { guest: 1 }, memory: { guest: "1Gi", overcommitPercent: 101 } };
  assert.match(
    await refusal(server.apply(object("VirtualMachineInstancetype", "bad", overcommitted))),
    /spec\.memory\.overcommitPercent: .*should be in range of 0 to 100/,
  );
  const spread = { cpu: { preferredCPUTopology: "spread", spreadOptions: { across: "Moon" } } };
  assert.match(
    await refusal(server.apply(object("VirtualMachineClusterPreference", "bad", spread))),
    /spec\.cpu\.spreadOptions\.across: .*across Moon is not supported/,
  );
  for (const name of ["vmf", "vmcf", "vmp", "vmcp", "vmpref", "vmclusterinstancetype"]) {
    assert.ok((await server.kubectl(["get", name, "-o", "name"])) !== undefined);
  }
});

test("a claim's labels say what a machine with it is to be made of", async () => {
  const labels = {
    "instancetype.kubevirt.io/default-instancetype": "csmall",
    "instancetype.kubevirt.io/default-instancetype-kind": "VirtualMachineInstancetype",
    "instancetype.kubevirt.io/default-preference": "inferred",
    "instancetype.kubevirt.io/default-preference-kind": "VirtualMachinePreference",
  };
  const claim = (name: string, more: object) => ({
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name, namespace: "default", ...more },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
  });
  await server.apply(object("VirtualMachinePreference", "inferred", { machine: { preferredMachineType: "pc" } }));
  await server.apply(claim("labelled", { labels }));
  await server.apply(claim("plain", {}));
  const inferring = (name: string, claimName: string, more: object, domain: object = {}, spec: object = {}) =>
    machine(
      name,
      { runStrategy: "Halted", preference: undefined, instancetype: { inferFromVolume: "root", ...more }, ...spec },
      domain,
      { volumes: [{ name: "root", persistentVolumeClaim: { claimName } }] },
    );
  await server.apply(inferring("inferred", "labelled", {}));
  const inferred = await server.client.get(virtualMachines, key("inferred"));
  assert.deepEqual(inferred.spec.instancetype, { name: "csmall", kind: "VirtualMachineInstancetype" });
  await server.apply(inferring("preferring", "labelled", {}, {}, { preference: { inferFromVolume: "root" } }));
  const preferring = await server.client.get(virtualMachines, key("preferring"));
  assert.deepEqual(preferring.spec.preference, { name: "inferred", kind: "VirtualMachinePreference" });
  assert.match(
    await refusal(server.apply(inferring("bad", "plain", {}))),
    /unable to find required instancetype\.kubevirt\.io\/default-instancetype label/,
  );
  const ignoring = { inferFromVolumeFailurePolicy: "Ignore" };
  const memory = { memory: { guest: "512Mi" } };
  await server.apply(inferring("ignored", "plain", ignoring, memory));
  assert.equal((await server.client.get(virtualMachines, key("ignored"))).spec.instancetype, undefined);
  await server.apply(inferring("cleared", "labelled", ignoring, memory));
  assert.equal(
    (await server.client.get(virtualMachines, key("cleared"))).spec.template.spec.domain.memory?.guest,
    undefined,
  );
});

test("expand-spec writes out what a machine is made of", async () => {
  const expanded = await subresource<VirtualMachine>("GET", "virtualmachines/inferred/expand-spec");
  assert.equal(expanded.spec.instancetype, undefined);
  assert.equal(expanded.spec.template.spec.domain.memory?.guest, "1Gi");
  const unsaved = machine("unsaved", { preference: undefined });
  const other = await subresource<VirtualMachine>("PUT", "expand-vm-spec", unsaved);
  assert.equal(other.spec.template.spec.domain.cpu?.sockets, 1);
  const conflicting = machine("unsaved", { preference: undefined }, { memory: { guest: "1Gi" } });
  await assert.rejects(subresource("PUT", "expand-vm-spec", conflicting), {
    code: 422,
    message: /conflicts with selected instance type/,
  });
  const lost = machine("unsaved", { preference: undefined, instancetype: { name: "nothing" } });
  await assert.rejects(subresource("PUT", "expand-vm-spec", lost), { code: 404 });
});
