import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultConfiguration } from "../configuration.ts";
import { isFloatingImage } from "./devices.ts";
import { defaultVirtualMachine } from "./vm.ts";
import { defaultVirtualMachineInstance, defaultVirtualMachineInstanceSpec } from "./vmi.ts";
import { sampleSpec, sampleUuid, sampleVm, sampleVmi } from "../sample.ts";
import type { VirtualMachineInstanceSpec } from "../types.ts";

const context = { configuration: defaultConfiguration, newUuid: () => sampleUuid, now: "2026-01-01T00:00:00Z" };

function defaulted(change: (spec: VirtualMachineInstanceSpec) => void, configuration = defaultConfiguration) {
  return defaultVirtualMachineInstanceSpec(sampleSpec(change), configuration);
}

test("a bare spec becomes a complete machine", () => {
  const bare: VirtualMachineInstanceSpec = {
    domain: { devices: {}, resources: { requests: { memory: "64Mi" } } },
    volumes: [{ name: "root", containerDisk: { image: "quay.io/x/y:1.0" } }],
  };
  const spec = defaultVirtualMachineInstanceSpec(bare, defaultConfiguration);
  assert.equal(spec.architecture, "amd64");
  assert.deepEqual(spec.domain.machine, { type: "q35" });
  assert.deepEqual(spec.domain.memory, { guest: "64Mi" });
  assert.deepEqual(spec.domain.cpu, { sockets: 1, cores: 1, threads: 1, model: "host-model", maxSockets: 4 });
  assert.deepEqual(spec.domain.devices.disks, [{ name: "root", disk: { bus: "sata" } }]);
  assert.deepEqual(spec.domain.devices.interfaces, [{ name: "default", masquerade: {} }]);
  assert.deepEqual(spec.networks, [{ name: "default", pod: {} }]);
  assert.equal(spec.volumes?.[0]?.containerDisk?.imagePullPolicy, "IfNotPresent");
  assert.equal(bare.architecture, undefined, "the argument is not changed");
});

test("defaulting again changes nothing", () => {
  const once = defaulted(() => undefined);
  assert.deepEqual(defaultVirtualMachineInstanceSpec(once, defaultConfiguration), once);
});

test("sockets follow the CPU limit, then the request, rounded up", () => {
  const table: [Record<string, string> | undefined, Record<string, string> | undefined, number][] = [
    [undefined, undefined, 1],
    [{ cpu: "3" }, { cpu: "2" }, 3],
    [undefined, { cpu: "1500m" }, 2],
    [undefined, { cpu: "100m" }, 1],
  ];
  for (const [limits, requests, sockets] of table) {
    const spec = defaulted((draft) => {
      draft.domain.resources = { limits, requests };
    });
    assert.equal(spec.domain.cpu?.sockets, sockets);
  }
});

test("a given topology is kept and completed", () => {
  const spec = defaulted((draft) => {
    draft.domain.cpu = { cores: 4 };
  });
  assert.deepEqual(spec.domain.cpu, { sockets: 1, cores: 4, threads: 1, model: "host-model", maxSockets: 4 });
});

test("room for hot-plug is made unless changes wait for a restart", () => {
  const growing = (change: Partial<typeof defaultConfiguration>, guest = "2Gi") => {
    const { cpu, memory } = defaulted(
      (draft) => {
        draft.domain.memory = { guest };
        draft.domain.cpu = { sockets: 2 };
      },
      { ...defaultConfiguration, ...change },
    ).domain;
    return [cpu?.maxSockets, memory?.maxGuest];
  };
  const liveUpdate = { maxCpuSockets: 3, maxGuest: "3Gi", maxHotplugRatio: 2 };
  assert.deepEqual(growing({}), [8, "8Gi"]);
  assert.deepEqual(growing({ vmRolloutStrategy: "Stage" }), [undefined, undefined]);
  assert.deepEqual(growing({ liveUpdate }), [3, "3Gi"]);
  assert.deepEqual(growing({ liveUpdate: { ...liveUpdate, maxCpuSockets: undefined, maxGuest: undefined } }), [
    4,
    "4Gi",
  ]);
  assert.deepEqual(growing({ liveUpdate: { ...liveUpdate, maxCpuSockets: 1, maxGuest: "1Gi" } }), [2, undefined]);
  assert.deepEqual(growing({}, "200Gi"), [8, "512Gi"], "what most processor models can address");
  assert.deepEqual(growing({}, "600Gi"), [8, undefined]);
  assert.deepEqual(
    growing({}, "1023Mi"),
    [8, undefined],
    "little machines would need more for its tables than they gain",
  );
});

test("no interface when the pod interface is not wanted", () => {
  const spec = defaulted((draft) => {
    draft.domain.devices = { autoattachPodInterface: false };
    draft.networks = undefined;
  });
  assert.equal(spec.domain.devices.interfaces, undefined);
});

test("floating images are pulled anew", () => {
  for (const [image, floats] of [
    ["a", true],
    ["a:latest", true],
    ["localhost/a:latest", false],
    ["localhost:5000/a", true],
    ["localhost:5000/a:1", false],
    ["a@sha256:00", false],
  ] as const) {
    assert.equal(isFloatingImage(image), floats, image);
  }
});

test("hyperv features bring what they build upon", () => {
  const spec = defaulted((draft) => {
    draft.domain.features = { hyperv: { synictimer: { enabled: true } } };
  });
  assert.deepEqual(spec.domain.features?.hyperv, {
    synictimer: { enabled: true },
    synic: { enabled: true },
    vpindex: { enabled: true },
  });
});

test("an interface without a MAC address gets one that stays", () => {
  const [first, second] = [defaulted(() => undefined), defaulted(() => undefined)];
  const mac = first.domain.devices.interfaces?.[0]?.macAddress ?? "";
  assert.match(mac, /^02(:[0-9a-f]{2}){5}$/);
  assert.equal(second.domain.devices.interfaces?.[0]?.macAddress, mac);
});

test("a stored VMI has phase, finalizer, uuid and topology", () => {
  const vmi = sampleVmi((draft) => {
    draft.spec.domain.firmware = {};
  });
  const stored = defaultVirtualMachineInstance(vmi, context);
  assert.equal(stored.spec.domain.firmware?.uuid, sampleUuid);
  assert.equal(stored.status?.phase, "Pending");
  assert.deepEqual(stored.metadata?.finalizers, ["kubevirt.io/foregroundDeleteVirtualMachine"]);
  assert.equal(stored.metadata?.annotations?.["kubevirt.io/pci-topology-version"], "v3");
  assert.deepEqual(stored.status?.currentCPUTopology, { sockets: 1, cores: 1, threads: 1 });
  assert.equal(stored.status?.memory?.guestAtBoot, "128Mi");
});

test("a VirtualMachine keeps what makes it the same machine", () => {
  const created = defaultVirtualMachine(
    sampleVm((vm) => {
      delete vm.spec.template.spec.domain.firmware;
    }),
    context,
  );
  assert.equal(created.spec.template.spec.domain.firmware?.uuid, sampleUuid);
  assert.equal(created.spec.template.spec.domain.machine?.type, "q35");
  assert.deepEqual(created.metadata?.finalizers, ["kubevirt.io/virtualMachineControllerFinalize"]);
  const replaced = defaultVirtualMachine(
    sampleVm((vm) => {
      delete vm.spec.template.spec.domain.firmware;
    }),
    { ...context, newUuid: () => "another" },
    created,
  );
  assert.equal(replaced.spec.template.spec.domain.firmware?.uuid, sampleUuid);
});

test("a VirtualMachine being deleted gets no finalizer back", () => {
  const vm = sampleVm((draft) => {
    draft.metadata = { ...draft.metadata, deletionTimestamp: context.now };
  });
  assert.equal(defaultVirtualMachine(vm, context).metadata?.finalizers, undefined);
});
