/**
 * The node agents: root on their nodes, because they attach disks and networks to other pods' processes. Pure.
 *
 *   kubelet root   where pods' volumes lie; mounted at the same path, so that what the kubelet mounts later is seen too,
 *                  and what the agent mounts is seen by pods
 *   /dev           the node's devices
 *   /sys/fs/cgroup what serves a machine is moved into its pod's cgroup, so that it outlives the agent
 */
import type { DaemonSet } from "../../../api/apps.ts";
import type { Container, EnvVar, Volume, VolumeMount } from "../../../api/core.ts";
import { certificateSecrets, serviceAccounts } from "../../base/cluster-names.ts";
import type { InstallSettings } from "../settings.ts";
import { metricsAnnotations, metricsLabels, metricsPortName, podLabels } from "./metadata.ts";
import { ownImage, platform, priorityClasses, probes, pullSettings, secretMounts, secretVolumes } from "./pods.ts";

const port = 10260;
const name = serviceAccounts.agent;
const secrets = [{ name: "tls", secretName: certificateSecrets.agentServer, mountPath: "/etc/vmpod/tls" }];

/** Every kubelet looks for device plugins here, whatever its root directory. */
const devicePlugins = "/var/lib/kubelet/device-plugins";

export function renderAgent(settings: InstallSettings): DaemonSet {
  const directories = hostDirectories(settings);
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name, namespace: settings.namespace },
    spec: {
      selector: { matchLabels: podLabels(name) },
      // Guests go on without an agent; waiting for one node after the other would take hours in a large cluster.
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "10%" } },
      template: {
        metadata: { labels: { ...podLabels(name), ...metricsLabels }, annotations: metricsAnnotations(port) },
        spec: {
          serviceAccountName: name,
          priorityClassName: priorityClasses.agent,
          nodeSelector: { ...platform, ...settings.nodeSelector },
          // Wherever a machine may be placed; a machine may tolerate any taint.
          tolerations: [{ operator: "Exists" }],
          hostNetwork: true,
          hostPID: true,
          dnsPolicy: "ClusterFirstWithHostNet",
          ...pullSettings(settings),
          containers: [container(settings, directories)],
          volumes: [...directories.map(hostVolume), ...secretVolumes(secrets), { name: "tmp", emptyDir: {} }],
        },
      },
    },
  };
}

function container(settings: InstallSettings, directories: readonly HostDirectory[]): Container {
  return {
    name: "vmpod",
    ...ownImage(settings),
    args: [
      "cluster-agent",
      "--node-name=$(NODE_NAME)",
      "--node-ip=$(NODE_IP)",
      `--port=${port}`,
      "--tls-dir=/etc/vmpod/tls",
      `--kubelet-root=${settings.kubeletRoot}`,
      `--log-level=${settings.logLevel}`,
    ],
    env: [fromPod("NODE_NAME", "spec.nodeName"), fromPod("NODE_IP", "status.hostIP")],
    ports: [{ name: metricsPortName, containerPort: port, hostPort: port }],
    ...probes({ port, scheme: "HTTPS", readyPath: "/healthz" }),
    resources: { requests: { cpu: "50m", memory: "128Mi" } },
    securityContext: { privileged: true, runAsUser: 0, runAsGroup: 0, readOnlyRootFilesystem: true },
    volumeMounts: [...directories.map(hostMount), ...secretMounts(secrets), { name: "tmp", mountPath: "/tmp" }],
  };
}

interface HostDirectory {
  name: string;
  path: string;
  /** Mounts made on either side are seen on the other. */
  shared: boolean;
}

function hostDirectories({ kubeletRoot }: InstallSettings): HostDirectory[] {
  const plugins = devicePlugins.startsWith(`${kubeletRoot}/`)
    ? []
    : [{ name: "device-plugins", path: devicePlugins, shared: false }];
  return [
    { name: "kubelet", path: kubeletRoot, shared: true },
    ...plugins,
    { name: "dev", path: "/dev", shared: false },
    { name: "cgroup", path: "/sys/fs/cgroup", shared: false },
  ];
}

function hostVolume({ name, path }: HostDirectory): Volume {
  return { name, hostPath: { path, type: "Directory" } };
}

function hostMount({ name, path, shared }: HostDirectory): VolumeMount {
  return { name, mountPath: path, ...(shared && { mountPropagation: "Bidirectional" }) };
}

function fromPod(variable: string, fieldPath: string): EnvVar {
  return { name: variable, valueFrom: { fieldRef: { fieldPath } } };
}
