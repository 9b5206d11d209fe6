/** Manifests that must be refused by the API, each with the field to blame and words that help. */

type Json = Record<string, unknown>;

export interface BadManifest {
  what: string;
  manifest: Json;
  /** Must appear in what `kubectl apply` prints. */
  says: RegExp[];
}

const template = "spec.template.spec";

export const badManifests: BadManifest[] = [
  bad("unknown field", { domain: { cpus: 2 } }, [/unknown field "spec\.template\.spec\.domain\.cpus"/]),
  bad("wrong type", { terminationGracePeriodSeconds: "long" }, [/terminationGracePeriodSeconds/, /integer/]),
  bad("two sources in a volume", { volumes: [volume({ emptyDisk: { capacity: "1Gi" } })] }, [
    new RegExp(`${escape(`${template}.volumes[0]`)}: .*exactly one source`),
  ]),
  bad("a disk without its volume", { domain: { devices: { disks: [{ name: "data", disk: {} }] } } }, [
    new RegExp(`${escape(`${template}.domain.devices.disks[0].name`)}: .*"data": no volume has this name`),
  ]),
  bad("negative memory", { domain: { memory: { guest: "-128Mi" } } }, [
    new RegExp(`${escape(`${template}.domain.memory.guest`)}: .*"-128Mi": must be greater than 0`),
  ]),
  bad("no memory", { domain: { memory: undefined } }, [/no memory requested: set memory\.guest/]),
  bad("IDE", { domain: { devices: { disks: [{ name: "root", disk: { bus: "ide" } }] } } }, [
    /disks\[0\]\.disk\.bus: .*"ide": supported values: "virtio", "sata", "scsi", "usb"/,
  ]),
  bad("an interface without a network", { domain: { devices: { interfaces: [{ name: "lan", masquerade: {} }] } } }, [
    /interfaces\[0\]\.name: .*"lan": no network has this name/,
  ]),
  bad(
    "too much cloud-init",
    { volumes: [volume({}), { name: "seed", cloudInitNoCloud: { userData: "x".repeat(3000) } }] },
    [/volumes\[1\]\.cloudInitNoCloud\.userData: .*exceeds 2048 bytes: put the data into a Secret/],
  ),
  bad(
    "boot order used twice",
    {
      domain: { devices: { disks: [bootDisk("root"), bootDisk("more")] } },
      volumes: [volume({}), { name: "more", emptyDisk: { capacity: "1Gi" } }],
    },
    [/disks\[1\]\.bootOrder: Duplicate value: 1/],
  ),
  bad(
    "a device that is not available",
    { domain: { devices: { gpus: [{ name: "g", deviceName: "nvidia.com/x" }] } } },
    [/domain\.devices\.gpus: Forbidden: .*not available yet/],
  ),
  {
    what: "unknown run strategy",
    manifest: machine({}, { runStrategy: "Sometimes" }),
    says: [/spec\.runStrategy: .*"Sometimes": supported values: "Always"/],
  },
  {
    what: "running beside runStrategy",
    manifest: machine({}, { running: true }),
    says: [/spec\.running: .*mutually exclusive/],
  },
];

function bad(what: string, spec: Json, says: RegExp[]): BadManifest {
  return { what, manifest: machine(spec), says };
}

function escape(text: string): string {
  return text.replaceAll(/[.[\]]/g, "\\$&");
}

function volume(more: Json): Json {
  return { name: "root", containerDisk: { image: "localhost/vmpod/guest:latest" }, ...more };
}

function bootDisk(name: string): Json {
  return { name, bootOrder: 1, disk: { bus: "virtio" } };
}

/** A good machine with parts of its template and spec replaced. */
export function machine(spec: Json = {}, outer: Json = {}, name = "bad"): Json {
  const { domain, ...rest } = spec as { domain?: Json };
  return {
    apiVersion: "kubevirt.io/v1",
    kind: "VirtualMachine",
    metadata: { name, namespace: "default" },
    spec: {
      runStrategy: "Always",
      ...outer,
      template: {
        spec: { domain: { memory: { guest: "64Mi" }, devices: {}, ...domain }, volumes: [volume({})], ...rest },
      },
    },
  };
}
