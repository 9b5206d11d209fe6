/** What the tests of the cluster run. */
import { resolve } from "node:path";

export const busybox = "localhost/vmpod/busybox:latest";
const program = resolve(import.meta.dirname, "extension-server.ts");
const servedPort = 8443;

interface Container {
  [field: string]: unknown;
}

function container(more: Container): Container {
  return { name: "main", image: busybox, imagePullPolicy: "Never", ...more };
}

const serveOwnName = `echo "$HOSTNAME" >/www/name; echo serving "$HOSTNAME"; exec httpd -f -p 8080 -h /www`;

/** Two web servers on two nodes, each of which tells its name, behind the Service `web`. */
export function webServers(): object[] {
  const labels = { app: "web" };
  const term = { labelSelector: { matchLabels: labels }, topologyKey: "kubernetes.io/hostname" };
  const spec = {
    terminationGracePeriodSeconds: 1,
    affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } },
    containers: [
      container({
        command: ["sh", "-c", serveOwnName],
        readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
      }),
    ],
  };
  const template = { metadata: { labels }, spec };
  return [
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web" },
      spec: { replicas: 2, selector: { matchLabels: labels }, template },
    },
    service("web", labels, 80, 8080),
  ];
}

export function service(name: string, selector: object, port: number, targetPort: number): object {
  return { apiVersion: "v1", kind: "Service", metadata: { name }, spec: { selector, ports: [{ port, targetPort }] } };
}

/** A pod that waits for commands, on this node. */
export function sleeper(name: string, nodeName: string): object {
  const containers = [container({ command: ["sleep", "3600"] })];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: { nodeName, terminationGracePeriodSeconds: 0, containers },
  };
}

/** As a node agent is: it sees the node's processes and network, and mounts where the node and its kubelet see it. */
export function nodeAgents(): object {
  const labels = { app: "agent" };
  const kubelet = "/var/lib/kubelet";
  const command = `mkdir -p ${kubelet}/from-agent; mount -t tmpfs tmpfs ${kubelet}/from-agent; exec sleep 3600`;
  const spec = {
    hostPID: true,
    hostNetwork: true,
    terminationGracePeriodSeconds: 0,
    containers: [
      container({
        command: ["sh", "-c", command],
        securityContext: { privileged: true },
        volumeMounts: [{ name: "kubelet", mountPath: kubelet, mountPropagation: "Bidirectional" }],
      }),
    ],
    volumes: [{ name: "kubelet", hostPath: { path: kubelet } }],
  };
  const template = { metadata: { labels }, spec };
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: "agent" },
    spec: { selector: { matchLabels: labels }, template },
  };
}

/** The program that answers webhooks and serves an API, by the node's own Node.js, behind the Service `extension`. */
export function extension(certificatePem: string, keyPem: string): object[] {
  const labels = { app: "extension" };
  const environment = { CERTIFICATE: certificatePem, KEY: keyPem, PORT: `${servedPort}` };
  const spec = {
    terminationGracePeriodSeconds: 1,
    containers: [
      container({
        command: ["chroot", "/host", process.execPath, program],
        env: Object.entries(environment).map(([name, value]) => ({ name, value })),
        readinessProbe: { tcpSocket: { port: servedPort }, periodSeconds: 1 },
        volumeMounts: [{ name: "host", mountPath: "/host", readOnly: true }],
      }),
    ],
    volumes: [{ name: "host", hostPath: { path: "/" } }],
  };
  return [
    { apiVersion: "v1", kind: "Pod", metadata: { name: "extension", labels }, spec },
    service("extension", labels, 443, servedPort),
  ];
}

/** Registers it for ConfigMaps that ask for it, and for the API group greetings.test. */
export function extensionRegistrations(caPem: string): object[] {
  const caBundle = Buffer.from(caPem).toString("base64");
  const reference = { name: "extension", namespace: "default" };
  return [
    {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "MutatingWebhookConfiguration",
      metadata: { name: "extension" },
      webhooks: [
        {
          name: "extension.greetings.test",
          admissionReviewVersions: ["v1"],
          sideEffects: "None",
          clientConfig: { caBundle, service: { ...reference, path: "/mutate" } },
          rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["configmaps"] }],
          namespaceSelector: { matchLabels: { greeted: "yes" } },
        },
      ],
    },
    {
      apiVersion: "apiregistration.k8s.io/v1",
      kind: "APIService",
      metadata: { name: "v1.greetings.test" },
      spec: {
        group: "greetings.test",
        version: "v1",
        groupPriorityMinimum: 1000,
        versionPriority: 10,
        caBundle,
        service: reference,
      },
    },
  ];
}
