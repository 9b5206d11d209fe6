/** What an administrator may decide about an installation. Pure. */
import { defaultNamespace } from "../base/cluster-names.ts";
import { defaultTag, imageReference, localRegistry } from "./image-names.ts";

export interface InstallSettings {
  namespace: string;
  /** Of vmpod's own pods. */
  vmpodImage: string;
  /** Of the pods that machines run in. */
  launcherImage: string;
  imagePullPolicy: PullPolicy;
  /** Names of Secrets in the namespace. */
  imagePullSecrets: readonly string[];
  /** Of the controller and of the API extension each. */
  replicas: number;
  /** The nodes that run machines, and so a node agent. */
  nodeSelector: Readonly<Record<string, string>>;
  /** The kubelets' root directory. */
  kubeletRoot: string;
  logLevel: LogLevel;
}

export const pullPolicies = ["Always", "IfNotPresent", "Never"] as const;
export type PullPolicy = (typeof pullPolicies)[number];

export const logLevels = ["trace", "debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];

export const defaultSettings: InstallSettings = {
  namespace: defaultNamespace,
  vmpodImage: imageReference(localRegistry, "vmpod", defaultTag),
  launcherImage: imageReference(localRegistry, "launcher", defaultTag),
  imagePullPolicy: "IfNotPresent",
  imagePullSecrets: [],
  replicas: 2,
  nodeSelector: {},
  kubeletRoot: "/var/lib/kubelet",
  logLevel: "info",
};
