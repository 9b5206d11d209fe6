/** Manifests that the command line's tests use. */

interface MachineOptions {
  runStrategy?: string;
  memory?: string;
  image?: string;
  userData?: string;
  /** Further fields of the template's spec. */
  spec?: object;
  /** Further volumes, each with a disk. */
  volumes?: { name: string; [source: string]: unknown }[];
}

export function machine(name: string, options: MachineOptions = {}): object {
  const { runStrategy = "Always", memory = "128Mi", image = "localhost/vmpod/guest:latest", userData } = options;
  const volumes = [
    { name: "root", containerDisk: { image, imagePullPolicy: "IfNotPresent" } },
    ...(userData === undefined ? [] : [{ name: "cloudinit", cloudInitNoCloud: { userData } }]),
    ...(options.volumes ?? []),
  ];
  return {
    apiVersion: "kubevirt.io/v1",
    kind: "VirtualMachine",
    metadata: { name },
    spec: {
      runStrategy,
      template: {
        spec: {
          terminationGracePeriodSeconds: 15,
          ...options.spec,
          domain: {
            devices: {
              disks: volumes.map((volume) => ({ name: volume.name, disk: { bus: "virtio" } })),
              interfaces: [{ name: "default", masquerade: {} }],
            },
            resources: { requests: { memory } },
          },
          networks: [{ name: "default", pod: {} }],
          volumes,
        },
      },
    },
  };
}

export function cloudConfig(name: string, publicKey: string): string {
  return `#cloud-config
hostname: ${name}
password: secret
chpasswd: { expire: false }
ssh_pwauth: true
ssh_authorized_keys: ['${publicKey.trim()}']
write_files:
  - path: /www/index.html
    content: |
      hello from ${name}
runcmd:
  - httpd -p 80 -h /www
`;
}

export function secret(name: string, stringData: Record<string, string>): object {
  return { apiVersion: "v1", kind: "Secret", metadata: { name }, stringData };
}

/** A container to run commands in. */
export const toolbox = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "toolbox" },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [
      {
        name: "toolbox",
        image: "localhost/vmpod/busybox:latest",
        imagePullPolicy: "IfNotPresent",
        command: ["sh", "-c", "mkdir -p /tmp/www && echo hello > /tmp/www/index.html && httpd -f -p 8080 -h /tmp/www"],
        volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
      },
    ],
    volumes: [{ name: "tmp", emptyDir: {} }],
  },
};
