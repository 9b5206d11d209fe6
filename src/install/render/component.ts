/** The two components that run as Deployments: restricted pods, several of each, on different nodes where possible. Pure. */
import type { Deployment } from "../../../api/apps.ts";
import type { Affinity, Container, Service, Volume } from "../../../api/core.ts";
import type { PodDisruptionBudget } from "../../../api/policy.ts";
import { certificateSecrets, extensionService, serviceAccounts } from "../../base/cluster-names.ts";
import type { ClusterFeatures } from "../features.ts";
import type { InstallSettings } from "../settings.ts";
import { metricsAnnotations, metricsLabels, metricsPortName, metricsService, podLabels } from "./metadata.ts";
import {
  type MountedSecret,
  ownImage,
  platform,
  priorityClasses,
  probes,
  pullSettings,
  restrictedContainer,
  restrictedPod,
  secretMounts,
  secretVolumes,
} from "./pods.ts";

const controllerHealthPort = 8080;
const controllerMetricsPort = 8444;
const extensionPort = 8443;
const hostnameKey = "kubernetes.io/hostname";

export function renderController(settings: InstallSettings): Deployment {
  const { namespace, launcherImage, logLevel } = settings;
  return deployment(settings, serviceAccounts.controller, {
    args: [
      "cluster-controller",
      `--namespace=${namespace}`,
      `--launcher-image=${launcherImage}`,
      `--log-level=${logLevel}`,
    ],
    ports: [
      { name: "health", containerPort: controllerHealthPort },
      { name: metricsPortName, containerPort: controllerMetricsPort },
    ],
    ...probes({ port: controllerHealthPort, scheme: "HTTP", readyPath: "/readyz" }),
    resources: { requests: { cpu: "50m", memory: "128Mi" } },
  });
}

const extensionSecrets: MountedSecret[] = [
  { name: "tls", secretName: certificateSecrets.extensionServer, mountPath: "/etc/vmpod/tls" },
  { name: "node-api-client", secretName: certificateSecrets.nodeApiClient, mountPath: "/etc/vmpod/node-api-client" },
];

export function renderExtension(settings: InstallSettings): Deployment {
  const { namespace, logLevel } = settings;
  const directories = extensionSecrets.map(({ name, mountPath }) => `--${name}-dir=${mountPath}`);
  const container: ComponentContainer = {
    args: [
      "cluster-api-extension",
      `--namespace=${namespace}`,
      `--port=${extensionPort}`,
      ...directories,
      `--log-level=${logLevel}`,
    ],
    ports: [{ name: metricsPortName, containerPort: extensionPort }],
    ...probes({ port: extensionPort, scheme: "HTTPS", readyPath: "/readyz" }),
    resources: { requests: { cpu: "50m", memory: "128Mi" } },
    volumeMounts: secretMounts(extensionSecrets),
  };
  return deployment(settings, serviceAccounts.extension, container, secretVolumes(extensionSecrets));
}

export function renderExtensionService({ namespace }: InstallSettings): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: extensionService, namespace },
    spec: {
      selector: podLabels(serviceAccounts.extension),
      ports: [{ name: "https", port: 443, targetPort: extensionPort, protocol: "TCP" }],
    },
  };
}

/** Has no address: a Prometheus finds by it the pods that it asks one by one. */
export function renderMetricsService({ namespace }: InstallSettings): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: metricsService, namespace, labels: metricsLabels },
    spec: {
      clusterIP: "None",
      selector: metricsLabels,
      ports: [{ name: metricsPortName, port: 443, targetPort: metricsPortName, protocol: "TCP" }],
    },
  };
}

/** Not "one must stay": the node of a single replica could never be drained. */
export function renderBudgets(settings: InstallSettings, { policyVersion }: ClusterFeatures): PodDisruptionBudget[] {
  return [serviceAccounts.controller, serviceAccounts.extension].map((name) => ({
    apiVersion: `policy/${policyVersion}`,
    kind: "PodDisruptionBudget",
    metadata: { name, namespace: settings.namespace },
    spec: { maxUnavailable: 1, selector: { matchLabels: podLabels(name) } },
  }));
}

type ComponentContainer = Pick<
  Container,
  "args" | "ports" | "livenessProbe" | "readinessProbe" | "resources" | "volumeMounts"
>;

/** Named like its ServiceAccount. */
function deployment(
  settings: InstallSettings,
  name: string,
  container: ComponentContainer,
  volumes: Volume[] = [],
): Deployment {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: settings.namespace },
    spec: {
      replicas: settings.replicas,
      selector: { matchLabels: podLabels(name) },
      // A new pod must answer before an old one goes.
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: {
        metadata: {
          labels: { ...podLabels(name), ...metricsLabels },
          annotations: metricsAnnotations(
            container.ports?.find((port) => port.name === metricsPortName)?.containerPort ?? 0,
          ),
        },
        spec: {
          serviceAccountName: name,
          priorityClassName: priorityClasses.component,
          nodeSelector: platform,
          affinity: apart(name),
          securityContext: restrictedPod,
          ...pullSettings(settings),
          containers: [{ name: "vmpod", ...ownImage(settings), ...container, securityContext: restrictedContainer }],
          ...(volumes.length > 0 && { volumes }),
        },
      },
    },
  };
}

function apart(name: string): Affinity {
  const podAffinityTerm = { topologyKey: hostnameKey, labelSelector: { matchLabels: podLabels(name) } };
  return { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm }] } };
}
