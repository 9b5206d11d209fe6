/** Manifests of small machines for tests. */

export interface MachineOptions {
  name: string;
  memory?: string;
  image?: string;
  runStrategy?: string;
  /** Shell lines that the guest runs at its first boot. */
  runcmd?: string[];
}

/** A VirtualMachine as JSON for `kubectl apply -f -`; its guest serves /www over HTTP. */
export function machine(options: MachineOptions): string {
  const { name, memory = "128Mi", image = "localhost/vmpod/guest:latest", runStrategy = "Always" } = options;
  const userData = [
    "#cloud-config",
    `hostname: ${name}`,
    "users:",
    "  - name: tester",
    "    plain_text_passwd: secret",
    "    lock_passwd: false",
    "runcmd:",
    "  - mkdir -p /www",
    ...(options.runcmd ?? []).map((line) => `  - ${line}`),
    "  - httpd -p 80 -h /www",
    "",
  ].join("\n");
  const disk = (disk: string) => ({ name: disk, disk: { bus: "virtio" } });
  return JSON.stringify({
    apiVersion: "kubevirt.io/v1",
    kind: "VirtualMachine",
    metadata: { name },
    spec: {
      runStrategy,
      template: {
        metadata: { labels: { machine: name, group: "machines" } },
        spec: {
          terminationGracePeriodSeconds: 10,
          domain: {
            devices: {
              disks: [disk("root"), disk("cloudinit")],
              interfaces: [{ name: "default", masquerade: {} }],
            },
            memory: { guest: memory },
            resources: { requests: { cpu: "10m" } },
          },
          networks: [{ name: "default", pod: {} }],
          volumes: [
            { name: "root", containerDisk: { image, imagePullPolicy: "IfNotPresent" } },
            { name: "cloudinit", cloudInitNoCloud: { userData } },
          ],
        },
      },
    },
  });
}

export function service(name: string): string {
  const spec = { selector: { machine: name }, ports: [{ port: 80 }] };
  return JSON.stringify({ apiVersion: "v1", kind: "Service", metadata: { name }, spec });
}
