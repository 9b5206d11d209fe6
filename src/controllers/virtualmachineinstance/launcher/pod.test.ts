import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultConfiguration } from "../../../../api/kubevirt/configuration.ts";
import { defaultVirtualMachineInstanceSpec } from "../../../../api/kubevirt/defaults/vmi.ts";
import { sampleSpec, sampleVmi } from "../../../../api/kubevirt/sample.ts";
import type { VirtualMachineInstanceSpec } from "../../../../api/kubevirt/types.ts";
import { secondaryLinks } from "../../../network/bridged-network.ts";
import { domainOf } from "./domain.ts";
import { copiedVolume } from "./copies.ts";
import { type LauncherContext, renderLauncherPod } from "./pod.ts";
import { chooseAccelerator } from "../observe.ts";

const context: LauncherContext = {
  launcherImage: "launcher:1",
  accelerator: "tcg",
  configuration: defaultConfiguration,
  blockClaims: new Set(["block"]),
  imageVolumes: true,
};

function vmiOf(change: (spec: VirtualMachineInstanceSpec) => void = () => undefined) {
  return sampleVmi((vmi) => {
    vmi.metadata = {
      ...vmi.metadata,
      labels: { app: "x" },
      annotations: { note: "y", "kubectl.kubernetes.io/last-applied-configuration": "{}" },
    };
    vmi.spec = defaultVirtualMachineInstanceSpec(sampleSpec(change), defaultConfiguration);
  });
}

test("the pod is QEMU, confined, and tied to its VMI", () => {
  const pod = renderLauncherPod(vmiOf(), context);
  const [container] = pod.spec?.containers ?? [];
  assert.match(pod.metadata?.name ?? "", /^virt-launcher-a-[a-z0-9]{5}$/);
  assert.deepEqual(pod.metadata?.labels, {
    app: "x",
    "kubevirt.io": "virt-launcher",
    "kubevirt.io/created-by": "vmi-uid",
    "vm.kubevirt.io/name": "a",
  });
  assert.equal(pod.metadata?.annotations?.["kubectl.kubernetes.io/last-applied-configuration"], undefined);
  assert.equal(pod.metadata?.ownerReferences?.[0]?.uid, "vmi-uid");
  assert.deepEqual(container?.command?.slice(0, 2), ["qemu-system-x86_64", "-name"]);
  assert.ok(container?.command?.includes("-S"));
  assert.equal(container?.securityContext?.readOnlyRootFilesystem, true);
  assert.equal(pod.spec?.securityContext?.runAsNonRoot, true);
  assert.equal(pod.spec?.restartPolicy, "Never");
});

test("a guest of arm64 goes to a node that emulates it, and gets the keyboard that its board lacks", () => {
  const vmi = vmiOf((spec) => void (spec.architecture = "arm64"));
  const { spec } = renderLauncherPod(vmi, context);
  assert.deepEqual(spec?.nodeSelector, {
    "kubevirt.io/schedulable": "true",
    "emulates.node.vmpod.dev/arm64": "true",
  });
  assert.equal(spec?.containers[0]?.command?.[0], "qemu-system-aarch64");
  const { machine, inputs } = domainOf(vmi, "tcg");
  assert.deepEqual([machine, inputs?.map(({ type }) => type)], ["virt", ["keyboard"]]);
  const kvmNode = { status: { allocatable: { "devices.kubevirt.io/kvm": "10" } } };
  assert.equal(chooseAccelerator(vmi, [kvmNode], { useEmulation: false }), "tcg");
  assert.equal(chooseAccelerator(vmiOf(), [kvmNode], { useEmulation: false }), "kvm");
});

test("the pod satisfies Pod Security's level restricted, also where it copies its disk", () => {
  const allowed = ["configMap", "downwardAPI", "emptyDir", "persistentVolumeClaim", "projected", "secret"];
  const { spec } = renderLauncherPod(vmiOf(), { ...context, imageVolumes: false });
  assert.ok(!spec?.hostNetwork && !spec?.hostPID && !spec?.hostIPC);
  assert.equal(spec?.securityContext?.runAsNonRoot, true);
  assert.notEqual(spec?.securityContext?.runAsUser, 0);
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  assert.equal(containers.length, 3, "copier, disk, QEMU");
  for (const { name, securityContext } of containers) {
    const profile = securityContext?.seccompProfile ?? spec?.securityContext?.seccompProfile;
    assert.ok(["RuntimeDefault", "Localhost"].includes(profile?.type ?? ""), name);
    assert.equal(securityContext?.allowPrivilegeEscalation, false, name);
    assert.deepEqual(securityContext?.capabilities, { drop: ["ALL"] }, name);
    assert.notEqual(securityContext?.privileged, true, name);
  }
  for (const { name, ...source } of spec?.volumes ?? [])
    assert.ok(
      Object.keys(source).every((kind) => allowed.includes(kind)),
      name,
    );
});

test("the same VMI gives the same pod, another uid another name", () => {
  assert.deepEqual(renderLauncherPod(vmiOf(), context), renderLauncherPod(vmiOf(), context));
  const other = sampleVmi((vmi) => Object.assign(vmi.metadata ?? {}, { uid: "other" }));
  assert.notEqual(renderLauncherPod(other, context).metadata?.name, renderLauncherPod(vmiOf(), context).metadata?.name);
});

test("resources: guest and overhead, devices, and limits only where asked", () => {
  const resources = (change: (spec: VirtualMachineInstanceSpec) => void, accelerator: "kvm" | "tcg" = "tcg") =>
    renderLauncherPod(vmiOf(change), { ...context, accelerator }).spec?.containers[0]?.resources;
  const plain = resources(() => undefined);
  assert.ok(Number(plain?.requests?.["memory"]) > 128 * 1024 ** 2);
  assert.deepEqual(plain?.limits, { "devices.kubevirt.io/tun": "1" });
  assert.equal(resources(() => undefined, "kvm")?.limits?.["devices.kubevirt.io/kvm"], "1");
  const limited = resources((spec) => {
    spec.domain.resources = { requests: { cpu: "2", memory: "64Mi" }, limits: { memory: "128Mi" } };
  });
  assert.equal(limited?.requests?.["cpu"], "2");
  assert.ok(Number(limited?.requests?.["memory"]) < Number(limited?.limits?.["memory"]));
});

test("volumes: images and claims come with the pod", () => {
  const { spec } = renderLauncherPod(
    vmiOf((draft) => {
      draft.volumes?.push(
        { name: "data", persistentVolumeClaim: { claimName: "files" } },
        { name: "raw", persistentVolumeClaim: { claimName: "block", readOnly: true } },
        { name: "seed", cloudInitNoCloud: { userData: "x" } },
      );
    }),
    context,
  );
  assert.deepEqual(spec?.volumes, [
    { name: "run", emptyDir: {} },
    { name: "disks", emptyDir: {} },
    { name: "root", image: { reference: "localhost/vmpod/guest:latest", pullPolicy: "IfNotPresent" } },
    { name: "data", persistentVolumeClaim: { claimName: "files" } },
    { name: "raw", persistentVolumeClaim: { claimName: "block", readOnly: true } },
  ]);
  assert.deepEqual(spec?.containers[0]?.volumeDevices, [{ name: "raw", devicePath: "/dev/vmpod/raw" }]);
});

test("a kernel to boot comes from an image of its own, as a volume or as a copy", () => {
  const vmi = vmiOf((draft) => {
    const container = { image: "registry/kernel:1", kernelPath: "/boot/vmlinuz", initrdPath: "/boot/initrd" };
    draft.domain.firmware = { ...draft.domain.firmware, kernelBoot: { container, kernelArgs: "console=ttyS0" } };
  });
  const { spec } = renderLauncherPod(vmi, context);
  assert.deepEqual(spec?.volumes?.find(({ name }) => name === "kernel-boot")?.image?.reference, "registry/kernel:1");
  const command = spec?.containers[0]?.command ?? [];
  const place = "/var/run/vmpod/container-disks/kernel-boot";
  assert.deepEqual(command.slice(command.indexOf("-kernel"), command.indexOf("-append") + 2), [
    "-kernel",
    `${place}/boot/vmlinuz`,
    "-initrd",
    `${place}/boot/initrd`,
    "-append",
    "console=ttyS0",
  ]);
  const copied = renderLauncherPod(vmi, { ...context, imageVolumes: false }).spec?.initContainers?.at(-1);
  assert.deepEqual(copied?.command?.slice(-4), ["-L", "/boot/vmlinuz", "/boot/initrd", place]);
  assert.equal(copied?.image, "registry/kernel:1");
});

test("without image volumes the disk is copied before QEMU starts, to where the image would be", () => {
  const { spec } = renderLauncherPod(
    vmiOf((draft) => {
      draft.domain.resources = { limits: { cpu: "1", memory: "256Mi" } };
      draft.volumes?.push({ name: "tools", containerDisk: { image: "registry/tools:1", path: "/iso/tools.iso" } });
      draft.volumes?.push({ name: "data", persistentVolumeClaim: { claimName: "files" } });
    }),
    { ...context, imageVolumes: false },
  );
  assert.deepEqual(spec?.volumes?.slice(2, 4), [
    { name: "root", emptyDir: {} },
    { name: "tools", emptyDir: {} },
  ]);
  const [compute] = spec?.containers ?? [];
  const mountOf = (name: string) => compute?.volumeMounts?.find((mount) => mount.name === name);
  assert.deepEqual(mountOf("root"), {
    name: "root",
    mountPath: "/var/run/vmpod/container-disks/root",
    readOnly: true,
  });
  const [copier, root, tools, ...others] = spec?.initContainers ?? [];
  assert.equal(others.length, 0);
  assert.equal(copier?.image, "launcher:1");
  assert.deepEqual(root?.command?.slice(-3), [
    "/run/vmpod/copier/copy-disk",
    "/disk",
    "/var/run/vmpod/container-disks/root",
  ]);
  assert.deepEqual([tools?.image, tools?.command?.at(-2)], ["registry/tools:1", "/iso/tools.iso"]);
  assert.deepEqual(
    [copier, root, tools].map((each) => each && copiedVolume(each)),
    [undefined, "root", "tools"],
  );
  for (const each of [copier, root, tools]) {
    assert.deepEqual(each?.securityContext, compute?.securityContext);
    // The pod's quality of service is that of its containers, these included; but they need no device.
    assert.deepEqual(each?.resources?.limits, { cpu: "1", memory: compute?.resources?.limits?.["memory"] });
  }
  assert.equal(root?.volumeMounts?.find(({ name }) => name === "run")?.readOnly, true);
});

test("a machine without a container disk copies nothing", () => {
  const change = (draft: VirtualMachineInstanceSpec) => {
    draft.volumes = [{ name: "root", persistentVolumeClaim: { claimName: "files" } }];
  };
  const { spec } = renderLauncherPod(vmiOf(change), { ...context, imageVolumes: false });
  assert.equal(spec?.initContainers, undefined);
});

test("placement, names and probes are passed on", () => {
  const { spec } = renderLauncherPod(
    vmiOf((draft) => {
      draft.nodeSelector = { disk: "ssd" };
      draft.hostname = "db";
      draft.subdomain = "all";
      draft.terminationGracePeriodSeconds = 0;
      draft.readinessProbe = { httpGet: { path: "/", scheme: "HTTP" }, periodSeconds: 3 };
    }),
    context,
  );
  assert.deepEqual(spec?.nodeSelector, { disk: "ssd", "kubevirt.io/schedulable": "true" });
  assert.equal(spec?.hostname, "db");
  assert.equal(spec?.subdomain, "all");
  assert.equal(spec?.terminationGracePeriodSeconds, 0);
  assert.deepEqual(spec?.containers[0]?.readinessProbe, { httpGet: { path: "/", scheme: "HTTP" }, periodSeconds: 3 });
});

test("probes by the guest's agent run in the launcher", () => {
  const { spec } = renderLauncherPod(
    vmiOf((draft) => {
      draft.readinessProbe = { exec: { command: ["test", "-e", "it's"] }, timeoutSeconds: 3, failureThreshold: 2 };
      draft.livenessProbe = { guestAgentPing: {}, initialDelaySeconds: 90 };
    }),
    context,
  );
  const request = '{"execute":"guest-exec","arguments":{"path":"test","arg":["-e","it\'s"],"capture-output":true}}';
  assert.deepEqual(spec?.containers[0]?.readinessProbe, {
    exec: { command: ["/usr/libexec/vmpod/probe-guest", "readiness", "3", request] },
    timeoutSeconds: 5,
    failureThreshold: 2,
  });
  assert.deepEqual(spec?.containers[0]?.livenessProbe, {
    exec: { command: ["/usr/libexec/vmpod/probe-guest", "liveness", "1", '{"execute":"guest-ping"}'] },
    timeoutSeconds: 3,
    initialDelaySeconds: 90,
  });
});

test("processors of its own need a node that gives such, and a pod of quality Guaranteed, also where it copies its disk", () => {
  const vmi = vmiOf((draft) => {
    draft.domain.cpu = { ...draft.domain.cpu, dedicatedCpuPlacement: true };
  });
  for (const imageVolumes of [true, false]) {
    const { spec } = renderLauncherPod(vmi, { ...context, imageVolumes });
    assert.equal(spec?.nodeSelector?.["cpumanager"], "true");
    for (const { name, resources } of [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])])
      assert.deepEqual(resources?.requests, resources?.limits, name);
  }
});

test("with KVM a named processor decides where the machine can be", () => {
  const selector = (accelerator: "kvm" | "tcg", cpu: VirtualMachineInstanceSpec["domain"]["cpu"]) => {
    const vmi = vmiOf((draft) => {
      draft.domain.cpu = cpu;
    });
    return Object.keys(renderLauncherPod(vmi, { ...context, accelerator }).spec?.nodeSelector ?? {});
  };
  const features = [{ name: "avx2" }, { name: "pcid", policy: "optional" }];
  assert.deepEqual(selector("kvm", { model: "Haswell", features }), [
    "kubevirt.io/schedulable",
    "cpu-model.node.kubevirt.io/Haswell",
    "cpu-feature.node.kubevirt.io/avx2",
  ]);
  assert.deepEqual(selector("kvm", { model: "host-model" }), ["kubevirt.io/schedulable"]);
  assert.deepEqual(selector("tcg", { model: "Haswell", features }), ["kubevirt.io/schedulable"]);
});

test("the pod asks for the networks that the machine has beside its own", () => {
  const networksOf = (state?: string) => {
    const vmi = vmiOf((spec) => {
      spec.networks = [
        { name: "default", pod: {} },
        { name: "lan", multus: { networkName: "blue" } },
        { name: "dmz", multus: { networkName: "other/red" } },
      ];
      spec.domain.devices.interfaces = [
        { name: "default", masquerade: {} },
        { name: "lan", bridge: {}, ...(state && { state }) },
        { name: "dmz", bridge: {} },
      ];
    });
    return JSON.parse(renderLauncherPod(vmi, context).metadata?.annotations?.["k8s.v1.cni.cncf.io/networks"] ?? "[]");
  };
  const dmz = { name: "red", namespace: "other", interface: secondaryLinks("dmz").uplink };
  const lan = { name: "blue", namespace: vmiOf().metadata?.namespace, interface: secondaryLinks("lan").uplink };
  assert.deepEqual(networksOf(), [lan, dmz]);
  assert.deepEqual(networksOf("absent"), [dmz]);
  assert.equal(renderLauncherPod(vmiOf(), context).metadata?.annotations?.["k8s.v1.cni.cncf.io/networks"], undefined);
});

test("the ports of a machine's interfaces are its pod's, by their names", () => {
  const vmi = vmiOf((spec) => {
    const ports = [
      { name: "http", port: 80 },
      { port: 53, protocol: "UDP" },
    ];
    spec.domain.devices.interfaces = [{ name: "default", masquerade: {}, ports }];
  });
  assert.deepEqual(renderLauncherPod(vmi, context).spec?.containers[0]?.ports, [
    { name: "http", containerPort: 80, protocol: "TCP" },
    { containerPort: 53, protocol: "UDP" },
  ]);
});

test("the machine: SATA drives are there from the start, PCI devices get ports", () => {
  const domain = domainOf(
    vmiOf((spec) => {
      spec.volumes?.push({ name: "scratch", emptyDisk: { capacity: "1Gi" } });
      spec.domain.firmware = { ...spec.domain.firmware, bootloader: { efi: { secureBoot: false } } };
    }),
    "tcg",
  );
  assert.deepEqual(domain.sataDrives, [{ name: "scratch", device: "disk", serial: undefined, bootIndex: 2 }]);
  assert.deepEqual(domain.firmware, { type: "efi", secureBoot: false });
  assert.ok(domain.pcieRootPorts >= 2);
  assert.equal(domain.memory.bytes, 128 * 1024 ** 2);
});

/** A machine that mounts these volumes, each by its source's name. */
function mounting(...sources: object[]) {
  return vmiOf((spec) => {
    const named = sources.map((source) => ({ name: Object.keys(source)[0]?.toLowerCase() ?? "", ...source }));
    spec.volumes?.push(...named);
    spec.domain.devices.filesystems = named.map(({ name }) => ({ name, virtiofs: {} }));
  });
}

const directories = [
  { persistentVolumeClaim: { claimName: "claim", readOnly: true } },
  { configMap: { name: "map", optional: true } },
  { secret: { secretName: "keys" } },
  { serviceAccount: { serviceAccountName: "robot" } },
  { downwardAPI: { fields: [{ path: "labels", fieldRef: { fieldPath: "metadata.labels" } }] } },
];

test("each file system has a container that sees its volume and one socket; QEMU's sees the sockets", () => {
  const { spec } = renderLauncherPod(mounting(...directories), context);
  const [compute, ...servers] = spec?.containers ?? [];
  const socket = (name: string, index: number) => ({
    name: `virtiofs-${index}`,
    mountPath: `/var/run/vmpod/filesystems/${name}`,
  });
  const names = ["persistentvolumeclaim", "configmap", "secret", "serviceaccount", "downwardapi"];
  assert.deepEqual(
    servers.map(({ name }) => name),
    names.map((name) => `virtiofs-${name}`),
  );
  assert.deepEqual(
    servers.map(({ volumeMounts }) => volumeMounts),
    names.map((name, index) => [
      socket(name, index),
      ...(name === "serviceaccount" ? [] : [{ name, mountPath: "/var/run/vmpod/shared", readOnly: true }]),
    ]),
  );
  const mounts = compute?.volumeMounts ?? [];
  assert.deepEqual(mounts.slice(-names.length), names.map(socket));
  assert.ok(!mounts.some(({ name }) => names.includes(name)));
  assert.deepEqual(
    spec?.volumes?.filter(({ name }) => names.includes(name)),
    [
      { name: names[0], persistentVolumeClaim: { claimName: "claim", readOnly: true } },
      { name: names[1], configMap: { name: "map", optional: true } },
      { name: names[2], secret: { secretName: "keys" } },
      { name: names[4], downwardAPI: { items: directories[4]?.downwardAPI?.fields } },
    ],
  );
  assert.equal(spec?.serviceAccountName, "robot");
  for (const { securityContext, command } of servers) {
    assert.deepEqual(securityContext, compute?.securityContext);
    assert.equal(command?.[0], "/usr/libexec/vmpod/share-directory");
  }
  assert.equal(servers[3]?.command?.[1], "/var/run/secrets/kubernetes.io/serviceaccount");
  assert.ok(
    compute?.command?.includes("memory-backend-memfd,id=shared-memory,size=131080K,share=on"),
    compute?.command?.join(" "),
  );
});

test("a file system's container may take the guest's memory, unless QEMU has, and no quality of service from its pod", () => {
  const rendered = (dedicated: boolean) => {
    const vmi = mounting({ configMap: { name: "map" } });
    vmi.spec.domain.cpu = { ...vmi.spec.domain.cpu, dedicatedCpuPlacement: dedicated };
    const [compute, server] = renderLauncherPod(vmi, { ...context, accelerator: "kvm" }).spec?.containers ?? [];
    const memory = compute?.command?.find((word) => word.startsWith("memory-backend-memfd"));
    return { resources: server?.resources, memory };
  };
  const limits = { cpu: "100m", memory: "80M" };
  const backend = "memory-backend-memfd,id=shared-memory,size=128M,share=on";
  assert.deepEqual(rendered(false), {
    resources: { requests: { cpu: "10m", memory: "1M" }, limits: { ...limits, memory: String(80e6 + 128 * 2 ** 20) } },
    memory: backend,
  });
  assert.deepEqual(rendered(true), { resources: { requests: limits, limits }, memory: `${backend},prealloc=on` });
});

test("a claim that is a block device is no directory", () => {
  const vmi = mounting({ persistentVolumeClaim: { claimName: "block" } });
  assert.throws(
    () => renderLauncherPod(vmi, context),
    /PersistentVolumeClaim block has volumeMode Block: show it as a disk/,
  );
});
