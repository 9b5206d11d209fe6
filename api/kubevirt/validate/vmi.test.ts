import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultConfiguration } from "../configuration.ts";
import { defaultVirtualMachineInstanceSpec } from "../defaults/vmi.ts";
import { sampleSpec, sampleVmi } from "../sample.ts";
import type { Interface, VirtualMachineInstanceSpec } from "../types.ts";
import { validateVirtualMachineInstance, validateVirtualMachineInstanceUpdate } from "./vmi.ts";

/** What is wrong, the field that must be named, and a word that the message must hold. */
type Case = [what: string, change: (spec: VirtualMachineInstanceSpec) => void, field: string, message: RegExp];

function causesOf(change: (spec: VirtualMachineInstanceSpec) => void) {
  const spec = defaultVirtualMachineInstanceSpec(sampleSpec(change), defaultConfiguration);
  return validateVirtualMachineInstance(spec);
}

function refuses(cases: readonly Case[]): void {
  for (const [what, change, field, message] of cases) {
    const causes = causesOf(change);
    const cause = causes.find((each) => each.field === field);
    assert.ok(cause, `${what}: no cause for ${field} in ${JSON.stringify(causes)}`);
    assert.match(cause.message, message, what);
  }
}

const withVolume = (volume: object) => (spec: VirtualMachineInstanceSpec) => {
  spec.volumes?.push({ name: "extra", ...volume });
};
const withInterface = (change: Partial<Interface>) => (spec: VirtualMachineInstanceSpec) => {
  Object.assign(spec.domain.devices.interfaces?.[0] ?? {}, change);
};

test("the sample is fine", () => {
  assert.deepEqual(
    causesOf(() => undefined),
    [],
  );
});

test("volumes", () => {
  const at = "spec.volumes[1]";
  refuses([
    ["no source", withVolume({}), at, /exactly one source/],
    [
      "two sources",
      withVolume({ emptyDisk: { capacity: "1Gi" }, containerDisk: { image: "a" } }),
      at,
      /emptyDisk.*one source/,
    ],
    ["bad name", withVolume({ name: "No_Label", emptyDisk: { capacity: "1Gi" } }), `${at}.name`, /DNS label/],
    ["same name", withVolume({ name: "root", emptyDisk: { capacity: "1Gi" } }), `${at}.name`, /own name/],
    ["no image", withVolume({ containerDisk: {} }), `${at}.containerDisk.image`, /OCI image/],
    [
      "path with ..",
      withVolume({ containerDisk: { image: "a", path: "/../etc" } }),
      `${at}.containerDisk.path`,
      /absolute/,
    ],
    ["no capacity", withVolume({ emptyDisk: {} }), `${at}.emptyDisk.capacity`, /size/],
    [
      "negative capacity",
      withVolume({ emptyDisk: { capacity: "-1Gi" } }),
      `${at}.emptyDisk.capacity`,
      /greater than 0/,
    ],
    [
      "no claim",
      withVolume({ persistentVolumeClaim: {} }),
      `${at}.persistentVolumeClaim.claimName`,
      /name of the claim/,
    ],
    ["reserved name", withVolume({ name: "run", containerDisk: { image: "a" } }), `${at}.name`, /reserved/],
  ]);
});

test("cloud-init", () => {
  const at = "spec.volumes[1].cloudInitNoCloud";
  refuses([
    ["nothing", withVolume({ cloudInitNoCloud: {} }), at, /one of userData/],
    ["two user data", withVolume({ cloudInitNoCloud: { userData: "a", userDataBase64: "YQ==" } }), at, /exactly one/],
    ["too long", withVolume({ cloudInitNoCloud: { userData: "x".repeat(2049) } }), `${at}.userData`, /2048.*secretRef/],
    ["not base64", withVolume({ cloudInitNoCloud: { userDataBase64: "%%%" } }), `${at}.userDataBase64`, /base64/],
    [
      "two network data",
      withVolume({ cloudInitNoCloud: { userData: "a", networkData: "a", networkDataBase64: "YQ==" } }),
      at,
      /networkDataSecretRef/,
    ],
  ]);
  assert.deepEqual(causesOf(withVolume({ cloudInitNoCloud: { userData: "x".repeat(2048) } })), []);
});

test("disks", () => {
  const at = "spec.domain.devices.disks[0]";
  const disk = (change: object) => (spec: VirtualMachineInstanceSpec) => {
    Object.assign(spec.domain.devices.disks?.[0] ?? {}, change);
  };
  refuses([
    ["no volume", disk({ name: "other" }), `${at}.name`, /no volume has this name/],
    ["two targets", disk({ cdrom: { bus: "sata" } }), at, /keep one/],
    ["ide", disk({ disk: { bus: "ide" } }), `${at}.disk.bus`, /"virtio", "sata", "scsi", "usb"/],
    ["virtio cdrom", disk({ disk: undefined, cdrom: { bus: "virtio" } }), `${at}.cdrom.bus`, /Unsupported/],
    ["boot order 0", disk({ bootOrder: 0 }), `${at}.bootOrder`, /1 or greater/],
    ["bad serial", disk({ serial: "a b" }), `${at}.serial`, /may hold only/],
    ["bad cache", disk({ cache: "unsafe" }), `${at}.cache`, /Unsupported/],
    ["read-only sata disk", disk({ disk: { bus: "sata", readonly: true } }), `${at}.disk.readonly`, /cdrom/],
  ]);
});

test("boot order is unique among disks and interfaces", () => {
  refuses([
    [
      "same order",
      (spec) => {
        Object.assign(spec.domain.devices.disks?.[0] ?? {}, { bootOrder: 1 });
        Object.assign(spec.domain.devices.interfaces?.[0] ?? {}, { bootOrder: 1 });
      },
      "spec.domain.devices.interfaces[0].bootOrder",
      /used once/,
    ],
  ]);
});

test("SATA has six ports", () => {
  refuses([
    [
      "seven drives",
      (spec) => {
        for (let index = 0; index < 7; index++)
          spec.volumes?.push({ name: `d${index}`, emptyDisk: { capacity: "1Gi" } });
      },
      "spec.domain.devices.disks",
      /at most 6/,
    ],
  ]);
});

test("memory", () => {
  const at = "spec.domain.memory.guest";
  const guest = (quantity: string | undefined) => (spec: VirtualMachineInstanceSpec) => {
    spec.domain.memory = quantity === undefined ? {} : { guest: quantity };
  };
  refuses([
    ["none", guest(undefined), at, /no memory requested/],
    ["negative", guest("-64Mi"), at, /greater than 0/],
    ["no quantity", guest("64 MB"), at, /not a quantity/],
    ["bytes by mistake", guest("128"), at, /at least 1M/],
    [
      "request over limit",
      (spec) => {
        spec.domain.resources = { requests: { memory: "2Gi" }, limits: { memory: "1Gi" } };
      },
      "spec.domain.resources.requests.memory",
      /must not exceed/,
    ],
  ]);
});

test("cpu", () => {
  const cpu = (value: object) => (spec: VirtualMachineInstanceSpec) => {
    spec.domain.cpu = value;
  };
  refuses([
    ["negative cores", cpu({ cores: -1 }), "spec.domain.cpu.cores", /whole number/],
    ["too many", cpu({ sockets: 100, cores: 100 }), "spec.domain.cpu", /512/],
    ["model with a comma", cpu({ model: "host,+x" }), "spec.domain.cpu.model", /no CPU model/],
    [
      "feature policy",
      cpu({ features: [{ name: "avx", policy: "maybe" }] }),
      "spec.domain.cpu.features[0].policy",
      /force/,
    ],
    [
      "dedicated and of one NUMA node",
      cpu({ dedicatedCpuPlacement: true, numa: { guestMappingPassthrough: {} } }),
      "spec.domain.cpu.numa",
      /not available yet/,
    ],
  ]);
});

test("networks and interfaces", () => {
  const at = "spec.domain.devices.interfaces[0]";
  refuses([
    ["no network", withInterface({ name: "other" }), `${at}.name`, /no network has this name/],
    ["no interface", withInterface({ name: "other" }), "spec.networks[0].name", /no interface has this name/],
    ["two bindings", withInterface({ bridge: {} }), at, /exactly one binding/],
    ["slirp", withInterface({ masquerade: undefined, slirp: {} }), `${at}.slirp`, /removed/],
    ["mac", withInterface({ macAddress: "x" }), `${at}.macAddress`, /MAC address/],
    ["multicast mac", withInterface({ macAddress: "03:00:00:00:00:01" }), `${at}.macAddress`, /multicast/],
    ["port", withInterface({ ports: [{ port: 70000 }] }), `${at}.ports[0].port`, /65535/],
    ["model", withInterface({ model: "fast" }), `${at}.model`, /"e1000"/],
    [
      "two pod networks",
      (spec) => {
        spec.networks?.push({ name: "second", pod: {} });
      },
      "spec.networks[1].pod",
      /at most one/,
    ],
  ]);
});

test("firmware, devices, placement, probes, credentials", () => {
  refuses([
    [
      "uuid",
      (spec) => {
        spec.domain.firmware = { uuid: "1" };
      },
      "spec.domain.firmware.uuid",
      /no UUID/,
    ],
    [
      "secure boot without SMM",
      (spec) => {
        spec.domain.firmware = { bootloader: { efi: {} } };
      },
      "spec.domain.firmware.bootloader.efi.secureBoot",
      /smm/,
    ],
    [
      "machine",
      (spec) => {
        spec.domain.machine = { type: "virt" };
      },
      "spec.domain.machine.type",
      /"q35"/,
    ],
    [
      "input bus",
      (spec) => {
        spec.domain.devices.inputs = [{ name: "t", type: "tablet", bus: "ps2" }];
      },
      "spec.domain.devices.inputs[0].bus",
      /"virtio", "usb"/,
    ],
    [
      "gpu",
      (spec) => {
        spec.domain.devices.gpus = [{ name: "g", deviceName: "d" }];
      },
      "spec.domain.devices.gpus",
      /not available yet/,
    ],
    [
      "hostname",
      (spec) => {
        spec.hostname = "A.b";
      },
      "spec.hostname",
      /DNS label/,
    ],
    [
      "grace",
      (spec) => {
        spec.terminationGracePeriodSeconds = -1;
      },
      "spec.terminationGracePeriodSeconds",
      /negative/,
    ],
    [
      "dns",
      (spec) => {
        spec.dnsPolicy = "None";
      },
      "spec.dnsConfig.nameservers",
      /name server/,
    ],
    [
      "probe without handler",
      (spec) => {
        spec.readinessProbe = { periodSeconds: 1 };
      },
      "spec.readinessProbe",
      /httpGet/,
    ],
    [
      "key without its volume",
      (spec) => {
        spec.accessCredentials = [
          { sshPublicKey: { source: { secret: { secretName: "s" } }, propagationMethod: { noCloud: {} } } },
        ];
      },
      "spec.accessCredentials[0].sshPublicKey.propagationMethod.noCloud",
      /cloudInitNoCloud/,
    ],
  ]);
});

test("a field that asks for nothing is not refused as unavailable", () => {
  assert.deepEqual(
    causesOf((spec) => {
      spec.domain.cpu = { dedicatedCpuPlacement: false };
      spec.domain.devices.gpus = [];
    }),
    [],
  );
});

test("a spec without a domain is refused, not crashed on", () => {
  assert.deepEqual(
    [undefined, {}].map((spec) => validateVirtualMachineInstance(spec as VirtualMachineInstanceSpec)[0]?.field),
    ["spec.domain", "spec.domain"],
  );
});

test("a VMI's spec and reserved labels do not change", () => {
  const vmi = sampleVmi();
  const changed = sampleVmi((draft) => {
    draft.spec.terminationGracePeriodSeconds = 0;
    draft.metadata = { ...draft.metadata, labels: { "kubevirt.io/nodeName": "x" } };
  });
  assert.deepEqual(validateVirtualMachineInstanceUpdate(sampleVmi(), vmi), []);
  const fields = validateVirtualMachineInstanceUpdate(changed, vmi).map((cause) => cause.field);
  assert.deepEqual(fields, ["metadata.labels[kubevirt.io/nodeName]", "spec"]);
});
