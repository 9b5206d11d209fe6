import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultConfiguration } from "../configuration.ts";
import { sampleVm } from "../sample.ts";
import type { VirtualMachine, VirtualMachineInstanceSpec } from "../types.ts";
import { topologyOf, validateSpread } from "./cpu-topology.ts";
import { expandVirtualMachine } from "./expand.ts";
import { defaultMatcherKinds, matcherAnnotations, revisionInForce, validateMatchers } from "./matcher.ts";
import { explainOrigin } from "./origin.ts";
import type { InstancetypeSpec, MachineSpecs, PreferenceSpec } from "./specs.ts";
import { preferenceWarnings, validateInstancetype, validatePreference } from "./validate.ts";

const small: InstancetypeSpec = { cpu: { guest: 4 }, memory: { guest: "2Gi" } };

/** Says no more than it must. */
function bareVm(change: (spec: VirtualMachineInstanceSpec, vm: VirtualMachine) => void = () => undefined) {
  return sampleVm((vm) => {
    vm.spec.template.spec = { domain: { devices: {} }, volumes: [{ name: "root", containerDisk: { image: "a" } }] };
    change(vm.spec.template.spec, vm);
  });
}

function expand(vm: VirtualMachine, specs: MachineSpecs) {
  const { vm: expanded, causes } = expandVirtualMachine(vm, specs, defaultConfiguration);
  return { spec: expanded.spec.template.spec, metadata: expanded.spec.template.metadata, causes };
}

const fieldsOf = (causes: readonly { field?: string }[]) => causes.map(({ field }) => field);

test("an instance type gives CPUs and memory, and what else it says", () => {
  const instancetype: InstancetypeSpec = {
    cpu: { guest: 4, model: "Nehalem", maxSockets: 8, dedicatedCPUPlacement: true },
    memory: { guest: "2Gi", overcommitPercent: 25, maxGuest: "4Gi" },
    nodeSelector: { zone: "a" },
    annotations: { team: "x" },
    ioThreadsPolicy: "auto",
  };
  const { spec, metadata, causes } = expand(bareVm(), { instancetype });
  assert.deepEqual(causes, []);
  assert.deepEqual(spec.domain.cpu, {
    model: "Nehalem",
    maxSockets: 8,
    dedicatedCpuPlacement: true,
    sockets: 4,
    cores: 1,
    threads: 1,
  });
  assert.deepEqual(spec.domain.memory, { guest: "2Gi", maxGuest: "4Gi" });
  assert.equal(spec.domain.resources?.requests?.["memory"], "1536Mi");
  assert.deepEqual(
    [spec.nodeSelector, spec.domain.ioThreadsPolicy, metadata?.annotations],
    [{ zone: "a" }, "auto", { team: "x" }],
  );
});

test("what the template says again contradicts the instance type", () => {
  const table: [(spec: VirtualMachineInstanceSpec, vm: VirtualMachine) => void, string, Partial<InstancetypeSpec>?][] =
    [
      [(spec) => void (spec.domain.cpu = { sockets: 1 }), "spec.template.spec.domain.cpu.sockets"],
      [(spec) => void (spec.domain.cpu = { cores: 1 }), "spec.template.spec.domain.cpu.cores"],
      [(spec) => void (spec.domain.cpu = { threads: 1 }), "spec.template.spec.domain.cpu.threads"],
      [(spec) => void (spec.domain.memory = { guest: "1Gi" }), "spec.template.spec.domain.memory.guest"],
      [
        (spec) => void (spec.domain.resources = { requests: { cpu: "1" } }),
        "spec.template.spec.domain.resources.requests.cpu",
      ],
      [
        (spec) => void (spec.domain.resources = { limits: { memory: "1Gi" } }),
        "spec.template.spec.domain.resources.limits.memory",
      ],
      [
        (spec) => void (spec.domain.cpu = { model: "Haswell" }),
        "spec.template.spec.domain.cpu.model",
        { cpu: { guest: 1, model: "Nehalem" } },
      ],
      [
        (spec) => void (spec.nodeSelector = { a: "b" }),
        "spec.template.spec.nodeSelector",
        { nodeSelector: { a: "c" } },
      ],
      [
        (spec) => void (spec.domain.devices.gpus = [{ name: "g" }]),
        "spec.template.spec.domain.devices.gpus",
        { gpus: [{ name: "h" }] },
      ],
      [
        (_spec, vm) => void (vm.spec.template.metadata = { annotations: { team: "y" } }),
        "spec.template.metadata.annotations[team]",
        { annotations: { team: "x" } },
      ],
    ];
  for (const [change, field, more] of table) {
    const { causes } = expand(bareVm(change), { instancetype: { ...small, ...more } });
    assert.deepEqual(fieldsOf(causes), [field]);
    assert.match(causes[0]?.message ?? "", /^VM field\(s\) \S+ conflicts with selected instance type$/);
  }
  const zeros = bareVm((spec) => void (spec.domain.cpu = { sockets: 0, dedicatedCpuPlacement: false }));
  assert.deepEqual(expand(zeros, { instancetype: small }).causes, []);
  const model = bareVm((spec) => void (spec.domain.cpu = { model: "Haswell" }));
  assert.equal(expand(model, { instancetype: small }).spec.domain.cpu?.model, "Haswell");
});

test("a preference decides what vCPUs are", () => {
  const table: [number, PreferenceSpec["cpu"], [sockets: number, cores: number, threads: number]][] = [
    [4, undefined, [4, 1, 1]],
    [4, { preferredCPUTopology: "sockets" }, [4, 1, 1]],
    [4, { preferredCPUTopology: "any" }, [4, 1, 1]],
    [4, { preferredCPUTopology: "cores" }, [1, 4, 1]],
    [4, { preferredCPUTopology: "preferCores" }, [1, 4, 1]],
    [4, { preferredCPUTopology: "threads" }, [1, 1, 4]],
    [1, { preferredCPUTopology: "threads" }, [1, 1, 1]],
    [4, { preferredCPUTopology: "spread" }, [2, 2, 1]],
    [8, { preferredCPUTopology: "preferSpread", spreadOptions: { ratio: 4 } }, [2, 4, 1]],
    [4, { preferredCPUTopology: "spread", spreadOptions: { across: "CoresThreads" } }, [1, 2, 2]],
    [8, { preferredCPUTopology: "spread", spreadOptions: { across: "SocketsCoresThreads" } }, [2, 2, 2]],
  ];
  for (const [vcpus, cpu, expected] of table) {
    const { sockets, cores, threads } = topologyOf(vcpus, { cpu });
    assert.deepEqual([sockets, cores, threads], expected, JSON.stringify([vcpus, cpu]));
  }
  assert.equal(topologyOf(6, { cpu: { preferredCPUTopology: "spread" }, preferSpreadSocketToCoreRatio: 3 }).cores, 3);
});

test("vCPUs that cannot be spread evenly are refused", () => {
  const spread = (across: string, ratio: number): PreferenceSpec => ({
    cpu: { preferredCPUTopology: "spread", spreadOptions: { across, ratio } },
  });
  const table: [number, PreferenceSpec, RegExp | undefined][] = [
    [3, {}, undefined],
    [4, spread("SocketsCores", 2), undefined],
    [3, spread("SocketsCores", 2), /^3 vCPUs provided by the instance type are not divisible by the Spec\.Prefer/],
    [3, spread("CoresThreads", 2), /number of threads per core 2$/],
    [6, spread("SocketsCoresThreads", 2), /number of threads per core 2 and Spec\.\S+ .* of 2$/],
  ];
  for (const [vcpus, preference, message] of table) {
    const [cause] = validateSpread(vcpus, preference);
    if (message) assert.match(cause?.message ?? "", message);
    else assert.equal(cause, undefined);
  }
});

test("a preference fills what the template leaves open", () => {
  const preference: PreferenceSpec = {
    annotations: { os: "x", mine: "no" },
    clock: {
      preferredClockOffset: { timezone: "Europe/Berlin" },
      preferredTimer: { hpet: { present: false }, kvm: {} },
    },
    cpu: { preferredCPUFeatures: [{ name: "avx" }, { name: "vmx", policy: "require" }] },
    devices: {
      preferredAutoattachInputDevice: true,
      preferredCdromBus: "sata",
      preferredDiskBus: "virtio",
      preferredDiskCache: "none",
      preferredDiskDedicatedIoThread: true,
      preferredInputBus: "virtio",
      preferredInputType: "tablet",
      preferredInterfaceMasquerade: {},
      preferredInterfaceModel: "virtio",
      preferredRng: {},
      preferredTPM: { persistent: true },
      preferredVideoType: "virtio",
      preferredPanicDeviceModel: "isa",
    },
    features: { preferredSmm: {}, preferredHyperv: { relaxed: {}, vapic: {} } },
    firmware: { preferredEfi: { secureBoot: true } },
    machine: { preferredMachineType: "pc-q35-7.2" },
    preferredSubdomain: "lan",
    preferredTerminationGracePeriodSeconds: 180,
  };
  const vm = bareVm((spec, { spec: outer }) => {
    outer.template.metadata = { annotations: { mine: "yes" } };
    spec.domain.clock = { timer: { hpet: { present: true } } };
    spec.domain.cpu = { features: [{ name: "vmx", policy: "disable" }] };
    spec.domain.features = { hyperv: { relaxed: { enabled: false } } };
    spec.domain.devices = {
      disks: [
        { name: "a", disk: { bus: "sata" } },
        { name: "cd", cdrom: {} },
      ],
      interfaces: [{ name: "default", model: "e1000" }],
      tpm: {},
    };
    spec.networks = [{ name: "default", pod: {} }];
    spec.terminationGracePeriodSeconds = 0;
  });
  const { spec, metadata, causes } = expand(vm, { preference });
  const { devices, clock, cpu, features, firmware, machine } = spec.domain;
  assert.deepEqual(causes, []);
  assert.deepEqual(metadata?.annotations, { os: "x", mine: "yes" });
  assert.deepEqual(clock, { timezone: "Europe/Berlin", timer: { hpet: { present: true }, kvm: {} } });
  assert.deepEqual(cpu?.features, [{ name: "vmx", policy: "disable" }, { name: "avx" }]);
  assert.deepEqual(features, { hyperv: { relaxed: { enabled: false }, vapic: {} }, smm: {} });
  assert.deepEqual(firmware?.bootloader, { efi: { secureBoot: true } });
  assert.equal(machine?.type, "pc-q35-7.2");
  assert.deepEqual([spec.subdomain, spec.terminationGracePeriodSeconds], ["lan", 0]);
  assert.deepEqual(devices.disks, [
    { name: "a", disk: { bus: "sata" }, cache: "none" },
    { name: "cd", cdrom: { bus: "sata" } },
    { name: "root", disk: { bus: "virtio" }, cache: "none", dedicatedIOThread: true },
  ]);
  assert.deepEqual(devices.interfaces, [{ name: "default", model: "e1000", masquerade: {} }]);
  assert.deepEqual(devices.inputs, [{ name: "default-0", bus: "virtio", type: "tablet" }]);
  assert.deepEqual(
    [devices.tpm, devices.rng, devices.video, devices.panicDevices],
    [{}, {}, { type: "virtio" }, [{ model: "isa" }]],
  );
});

test("firmware: a template that names a bootloader keeps it", () => {
  const bootloader = (given: object | undefined, firmware: PreferenceSpec["firmware"]) =>
    expand(
      bareVm((spec) => void (spec.domain.firmware = given && { bootloader: given })),
      { preference: { firmware } },
    ).spec.domain.firmware?.bootloader;
  assert.deepEqual(bootloader(undefined, { preferredUseBios: true, preferredUseBiosSerial: true }), {
    bios: { useSerial: true },
  });
  assert.deepEqual(bootloader({ bios: {} }, { preferredEfi: {} }), { bios: {} });
  assert.deepEqual(bootloader(undefined, { preferredUseEfi: true, preferredUseSecureBoot: false }), {
    efi: { secureBoot: false },
  });
  assert.deepEqual(bootloader({ efi: {} }, { preferredUseSecureBoot: true }), { efi: { secureBoot: true } });
  assert.equal(bootloader(undefined, {}), undefined);
});

test("a machine without a network of its own gets none from a preference that does not want it", () => {
  const preference: PreferenceSpec = { devices: { preferredAutoattachPodInterface: false } };
  assert.equal(expand(bareVm(), { preference }).spec.domain.devices.interfaces, undefined);
});

test("a preference's requirements must be met", () => {
  const requirements = { cpu: { guest: 2 }, memory: { guest: "1Gi" } };
  const cpu = (count: object) => (spec: VirtualMachineInstanceSpec) => {
    spec.domain.cpu = count;
    spec.domain.memory = { guest: "1Gi" };
  };
  const tight = { cpu: { guest: 1 }, memory: { guest: "512Mi" } };
  const table: [VirtualMachine, MachineSpecs, (string | undefined)[]][] = [
    [bareVm(), { instancetype: small, preference: { requirements } }, []],
    [bareVm(), { instancetype: tight, preference: { requirements } }, ["spec.instancetype", "spec.instancetype"]],
    [bareVm(), { preference: { requirements } }, ["spec.template.spec.domain.cpu", "spec.template.spec.domain.memory"]],
    [bareVm(cpu({ sockets: 2 })), { preference: { requirements } }, []],
    [bareVm(cpu({ cores: 2 })), { preference: { requirements } }, ["spec.template.spec.domain.cpu.sockets"]],
    [bareVm(cpu({ cores: 2 })), { preference: { requirements, cpu: { preferredCPUTopology: "any" } } }, []],
    [
      bareVm(cpu({ cores: 1 })),
      { preference: { requirements, cpu: { preferredCPUTopology: "spread" } } },
      ["spec.template.spec.domain.cpu.sockets", "spec.template.spec.domain.cpu.cores"],
    ],
    [
      bareVm((spec) => void (spec.architecture = "amd64")),
      { instancetype: small, preference: { requirements: { architecture: "arm64" } } },
      ["spec.template.spec.architecture"],
    ],
  ];
  for (const [vm, specs, fields] of table) assert.deepEqual(fieldsOf(expand(vm, specs).causes), fields);
});

test("instance types and preferences are checked themselves", () => {
  const memory = (more: object) => ({ ...small, memory: { guest: "2Gi", ...more } });
  assert.deepEqual(validateInstancetype(small), []);
  assert.deepEqual(fieldsOf(validateInstancetype({ ...small, cpu: { guest: 0 } })), ["spec.cpu.guest"]);
  assert.deepEqual(fieldsOf(validateInstancetype(memory({ guest: "much" }))), ["spec.memory.guest"]);
  for (const more of [{ overcommitPercent: 101 }, { overcommitPercent: 1, hugepages: { pageSize: "2Mi" } }])
    assert.deepEqual(fieldsOf(validateInstancetype(memory(more))), ["spec.memory.overcommitPercent"]);
  const cpu = (cpu: PreferenceSpec["cpu"]) => fieldsOf(validatePreference({ cpu }));
  assert.deepEqual(cpu({ preferredCPUTopology: "rings" }), ["spec.cpu.preferredCPUTopology"]);
  assert.deepEqual(cpu({ preferredCPUTopology: "spread", spreadOptions: { across: "Moon" } }), [
    "spec.cpu.spreadOptions.across",
  ]);
  assert.deepEqual(cpu({ preferredCPUTopology: "spread", spreadOptions: { across: "CoresThreads", ratio: 3 } }), [
    "spec.cpu.spreadOptions.ratio",
  ]);
  assert.deepEqual(cpu({ preferredCPUTopology: "cores", spreadOptions: { across: "Moon" } }), []);
  assert.match(preferenceWarnings({ cpu: { preferredCPUTopology: "preferCores" } })[0] ?? "", /please use cores$/);
});

test("matchers say a name or a volume, and a kind that there is", () => {
  const vm = (instancetype: object) => bareVm((_spec, { spec }) => Object.assign(spec, { instancetype }));
  const fields = (instancetype: object, previous?: object) =>
    fieldsOf(validateMatchers(vm(instancetype), previous && vm(previous)));
  assert.deepEqual(fields({ name: "a", kind: "VirtualMachineClusterInstancetype" }), []);
  assert.deepEqual(fields({ name: "a", kind: "virtualmachineinstancetypes" }), []);
  assert.deepEqual(fields({}), ["spec.instancetype"]);
  assert.deepEqual(fields({ name: "a", kind: "VirtualMachinePreference" }), ["spec.instancetype.kind"]);
  assert.deepEqual(fields({ name: "a", kind: "virtualmachineinstancetype", inferFromVolume: "b" }), [
    "spec.instancetype.name",
    "spec.instancetype.kind",
  ]);
  assert.deepEqual(fields({ inferFromVolume: "b", inferFromVolumeFailurePolicy: "Maybe" }), [
    "spec.instancetype.inferFromVolumeFailurePolicy",
  ]);
  const before = { name: "a", revisionName: "r" };
  assert.deepEqual(fields({ name: "b", revisionName: "r" }, before), ["spec.instancetype.revisionName"]);
  assert.deepEqual(fields({ name: "b" }, before), []);
  assert.equal(defaultMatcherKinds(vm({ name: "a" })).spec.instancetype?.kind, "virtualmachineclusterinstancetype");
  assert.deepEqual(matcherAnnotations(vm({ name: "a" })), { "kubevirt.io/cluster-instancetype-name": "a" });
});

test("the copy in force is that of the same name and kind, or the one that the spec names", () => {
  const ref = { name: "a", kind: "virtualmachineclusterinstancetype", controllerRevisionRef: { name: "r" } };
  const table: [object, string | undefined][] = [
    [{ name: "a" }, "r"],
    [{ name: "a", kind: "VirtualMachineClusterInstancetype" }, "r"],
    [{ name: "a", kind: "VirtualMachineInstancetype" }, undefined],
    [{ name: "b" }, undefined],
    [{ name: "b", revisionName: "other" }, "other"],
  ];
  for (const [instancetype, expected] of table) {
    const vm = bareVm((_spec, machine) => {
      Object.assign(machine.spec, { instancetype });
      machine.status = { instancetypeRef: ref };
    });
    assert.equal(revisionInForce(vm, "instancetype"), expected);
  }
});

test("a refused field that the user did not write tells whose it is", () => {
  const vm = bareVm((spec, { spec: outer }) => {
    outer.preference = { name: "win" };
    spec.domain.devices.tpm = {};
  });
  const cause = (field: string) => ({ reason: "FieldValueForbidden", field, message: "no" });
  const fields = ["spec.template.spec.domain.devices.tpm", "spec.template.spec.domain.features.hyperv", "spec.running"];
  assert.deepEqual(
    explainOrigin(vm, fields.map(cause)).map(({ message }) => message),
    ["no", "no (of preference win)", "no"],
  );
});
