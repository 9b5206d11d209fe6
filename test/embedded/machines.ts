/** Manifests of small machines, and of a container beside them. */

export interface MachineOptions {
  name: string;
  memory?: string;
  /** How far its memory may grow while it runs. */
  maxMemory?: string;
  image?: string;
  runStrategy?: string;
  /** Of the root disk: firmware and GRUB boot it from any, while the guest's kernel sees only virtio disks. */
  bus?: "virtio" | "sata";
  seed?: "cloudInitNoCloud" | "cloudInitConfigDrive";
  evictionStrategy?: string;
  /** Default: twenty of them fit two processors, and still get a share of a busy machine. */
  cpuRequest?: string;
  sshKey?: string;
  /** Shell lines that the guest runs at its first boot, before its web server starts. */
  runcmd?: string[];
  /** Beside its disks and its interface. */
  devices?: object;
  /** Beside its memory and its devices. */
  domain?: object;
  /** Of the instance. */
  annotations?: Record<string, string>;
  /** Further fields of the instance's spec. */
  spec?: object;
  /** Further volumes, each with a disk. */
  volumes?: NamedVolume[];
  /** Volumes that the guest mounts by their names. */
  directories?: NamedVolume[];
}

export interface NamedVolume {
  name: string;
  [source: string]: unknown;
}

/** Debian's smallest kernel unpacks itself to 16..68 MiB, and then needs room for its initramfs. */
export const smallestMemory = "96Mi";

export const guestImage = "localhost/vmpod/guest:latest";

/** A VirtualMachine whose guest serves /www over HTTP. */
export function machine(options: MachineOptions): object {
  const { name, runStrategy = "Always", annotations = {} } = options;
  return {
    apiVersion: "kubevirt.io/v1",
    kind: "VirtualMachine",
    metadata: { name },
    spec: {
      runStrategy,
      template: { metadata: { labels: { machine: name }, annotations }, spec: instanceSpec(options) },
    },
  };
}

/** The same guest without a VirtualMachine around it. */
export function lonelyInstance(options: MachineOptions) {
  const { name } = options;
  return {
    apiVersion: "kubevirt.io/v1",
    kind: "VirtualMachineInstance",
    metadata: { name, labels: { machine: name } },
    spec: instanceSpec(options),
  };
}

function instanceSpec(options: MachineOptions): object {
  const { memory = "128Mi", image = guestImage, bus = "virtio", seed = "cloudInitNoCloud", directories = [] } = options;
  const volumes = [
    { name: "root", containerDisk: { image, imagePullPolicy: "IfNotPresent" } },
    { name: "seed", [seed]: { userData: userData(options) } },
    ...(options.volumes ?? []),
  ];
  return {
    terminationGracePeriodSeconds: 10,
    ...(options.evictionStrategy !== undefined && { evictionStrategy: options.evictionStrategy }),
    ...options.spec,
    domain: {
      devices: {
        disks: volumes.map((volume) => ({ name: volume.name, disk: { bus: volume.name === "root" ? bus : "virtio" } })),
        interfaces: [{ name: "default", masquerade: {} }],
        ...(directories.length > 0 && { filesystems: directories.map(({ name }) => ({ name, virtiofs: {} })) }),
        ...options.devices,
      },
      memory: { guest: memory, ...(options.maxMemory && { maxGuest: options.maxMemory }) },
      resources: { requests: { cpu: options.cpuRequest ?? "90m" } },
      ...options.domain,
    },
    networks: [{ name: "default", pod: {} }],
    volumes: [...volumes, ...directories],
  };
}

/** JSON is YAML, also in a cloud-config. */
function userData({ name, sshKey, runcmd = [] }: MachineOptions): string {
  const config = {
    hostname: name,
    password: "secret",
    chpasswd: { expire: false },
    ssh_pwauth: true,
    ...(sshKey !== undefined && { ssh_authorized_keys: [sshKey] }),
    runcmd: [...runcmd, "httpd -p 80 -h /www"],
  };
  const lines = Object.entries(config).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  return `#cloud-config\n${lines.join("\n")}\n`;
}

export function service(name: string, selector: Record<string, string> = { machine: name }): object {
  return { apiVersion: "v1", kind: "Service", metadata: { name }, spec: { selector, ports: [{ port: 80 }] } };
}

/** A Deployment of one container that serves its own name over HTTP, and in which to run commands. */
export function web(name = "web"): object {
  const container = {
    name,
    image: "localhost/vmpod/busybox:latest",
    imagePullPolicy: "IfNotPresent",
    command: ["sh", "-c", `echo ${name} >/www/index.html; exec httpd -f -p 80 -h /www`],
    ports: [{ containerPort: 80 }],
    volumeMounts: [{ name: "www", mountPath: "/www" }],
    readinessProbe: { httpGet: { port: 80 }, periodSeconds: 1, timeoutSeconds: 10 },
  };
  const podSpec = {
    terminationGracePeriodSeconds: 1,
    containers: [container],
    volumes: [{ name: "www", emptyDir: {} }],
  };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: podSpec },
    },
  };
}
