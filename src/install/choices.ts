/**
 * What an administrator chose, as far as he did. Kept in the cluster, so that `vmpod upgrade` without flags changes nothing of it;
 * a tag that nobody chose is that of the program which installs. Pure.
 */
import type { ConfigMap } from "../../api/core.ts";
import { defaultNamespace } from "../base/cluster-names.ts";
import { defaultTag, imageReference, localRegistry, parseReference } from "./image-names.ts";
import { defaultSettings, type InstallSettings, logLevels, pullPolicies } from "./settings.ts";

export interface Choices extends Partial<Omit<InstallSettings, "namespace">> {
  registry?: string;
  tag?: string;
}

/** @throws Error naming the value that cannot be, and what can */
export function settingsFrom(choices: Choices, namespace: string = defaultNamespace): InstallSettings {
  const { registry = localRegistry, tag = defaultTag, vmpodImage, launcherImage, ...rest } = choices;
  return checked({
    ...defaultSettings,
    ...rest,
    namespace,
    vmpodImage: vmpodImage ? parseReference(vmpodImage) : imageReference(registry, "vmpod", tag),
    launcherImage: launcherImage ? parseReference(launcherImage) : imageReference(registry, "launcher", tag),
  });
}

const namePattern = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

function checked(settings: InstallSettings): InstallSettings {
  const { namespace, imagePullPolicy, logLevel, replicas, kubeletRoot } = settings;
  if (!namePattern.test(namespace)) refuse("namespace", namespace, "must be a lower-case DNS label");
  if (!pullPolicies.includes(imagePullPolicy)) refuse("image pull policy", imagePullPolicy, oneOf(pullPolicies));
  if (!logLevels.includes(logLevel)) refuse("log level", logLevel, oneOf(logLevels));
  if (!Number.isInteger(replicas) || replicas < 1 || replicas > 9) refuse("replicas", replicas, "must be 1 to 9");
  if (!/^(\/[\w.-]+)+$/.test(kubeletRoot)) refuse("kubelet root", kubeletRoot, "must be an absolute path");
  return settings;
}

function oneOf(values: readonly string[]): string {
  return `must be ${values.slice(0, -1).join(", ")} or ${values.at(-1)}`;
}

function refuse(what: string, value: string | number, rule: string): never {
  throw new Error(`${what} ${JSON.stringify(value)}: ${rule}`);
}

export const choicesName = "vmpod-choices";
const key = "choices.json";

export function renderChoices(choices: Choices, namespace: string): ConfigMap {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: choicesName, namespace },
    data: { [key]: JSON.stringify(choices, undefined, 2) },
  };
}

export function readChoices(kept: ConfigMap | undefined): Choices {
  return JSON.parse(kept?.data?.[key] ?? "{}") as Choices;
}
