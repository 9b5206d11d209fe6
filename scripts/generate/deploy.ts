/**
 * Writes an installation down for those who install without `vmpod install`: as plain YAML, and as a Helm chart.
 *
 *   renderInstallation(default settings) ────────────────────> deploy/vmpod.yaml
 *   renderInstallation(marks in the place of settings) ──────> deploy/helm/vmpod/templates/vmpod.yaml
 *   customResourceDefinitions, each a line of JSON (as YAML, twice the size) ──> deploy/helm/vmpod/crds/crds.yaml
 */
import { toYaml } from "../../src/base/yaml.ts";
import type { KubeObject } from "../../api/meta.ts";
import { programVersion } from "../../src/base/version.ts";
import { portableFeatures } from "../../src/install/features.ts";
import { defaultTag, localRegistry } from "../../src/install/image-names.ts";
import { renderInstallation, stages } from "../../src/install/render/installation.ts";
import { defaultSettings, type InstallSettings } from "../../src/install/settings.ts";

const notice = "# Made by `npm run generate` from src/install/render.\n";
const chart = "deploy/helm/vmpod";

export async function generateDeploy(): Promise<Map<string, string>> {
  const { definitions } = renderInstallation(defaultSettings, portableFeatures);
  return new Map([
    ["deploy/vmpod.yaml", notice + objectsOf(defaultSettings).map(documentOf).join("---\n")],
    [`${chart}/crds/crds.yaml`, definitions.map((each) => `---\n${JSON.stringify(each)}\n`).join("")],
    [`${chart}/Chart.yaml`, chartFile()],
    [`${chart}/values.yaml`, valuesFile()],
    [`${chart}/templates/vmpod.yaml`, template()],
  ]);
}

/** Without the kinds, which must be there before anything can be of them. */
function objectsOf(settings: InstallSettings): KubeObject[] {
  const installation = renderInstallation(settings, portableFeatures);
  return stages.filter((stage) => stage !== "definitions").flatMap((stage) => installation[stage]);
}

function documentOf(object: KubeObject): string {
  return toYaml(object);
}

const marks = {
  namespace: "mark-namespace",
  vmpodImage: "mark-vmpod-image",
  launcherImage: "mark-launcher-image",
  imagePullPolicy: "mark-pull-policy",
  imagePullSecrets: "mark-pull-secret",
  replicas: 90_210,
  nodeSelector: "mark-node-selector",
  kubeletRoot: "/mark-kubelet-root",
  logLevel: "mark-log-level",
} as const;

/** Helm makes the namespace by itself. */
function template(): string {
  const marked = {
    ...marks,
    imagePullSecrets: [marks.imagePullSecrets],
    nodeSelector: { [marks.nodeSelector]: "" },
  } as unknown as InstallSettings;
  const documents = objectsOf(marked).filter(({ kind }) => kind !== "Namespace");
  return notice + substitute(documents.map(documentOf).join("---\n"));
}

const values: [mark: string | number, value: string][] = [
  [marks.namespace, ".Release.Namespace"],
  [marks.imagePullPolicy, ".Values.imagePullPolicy"],
  [marks.replicas, ".Values.replicas"],
  [marks.kubeletRoot, ".Values.kubeletRoot"],
  [marks.logLevel, ".Values.logLevel"],
];

/** What `vmpod install` finds out by asking (src/install/features.ts), Helm does too. */
const policyVersion = 'ternary "policy/v1" "policy/v1beta1" (.Capabilities.APIVersions.Has "policy/v1")';

function substitute(text: string): string {
  const withBlocks = text
    .replaceAll(new RegExp(`^( *)${marks.nodeSelector}: .*$`, "gm"), (_, indent: string) =>
      block("with .Values.nodeSelector", `{{- toYaml . | nindent ${indent.length} }}`),
    )
    .replaceAll(new RegExp(`^( *)imagePullSecrets:\n *- name: ${marks.imagePullSecrets}$`, "gm"), (_, indent: string) =>
      block("with .Values.imagePullSecrets", `${indent}imagePullSecrets: {{ toJson . }}`),
    )
    // Where the kubelet's root is the usual one, its device plugins are within.
    .replaceAll(
      /^( *)- name: device-plugins\n(?:\1 .*\n)*/gm,
      (item) => `${block(`if ne .Values.kubeletRoot "${defaultSettings.kubeletRoot}"`, item.trimEnd())}\n`,
    )
    .replaceAll(/^apiVersion: policy\/v1$/gm, `apiVersion: {{ ${policyVersion} }}`)
    .replaceAll("app.kubernetes.io/managed-by: vmpod", "app.kubernetes.io/managed-by: {{ .Release.Service }}")
    .replaceAll(marks.vmpodImage, "{{ .Values.registry }}/vmpod:{{ .Values.tag }}")
    .replaceAll(marks.launcherImage, "{{ .Values.registry }}/launcher:{{ .Values.tag }}");
  return values.reduce((result, [mark, value]) => result.replaceAll(String(mark), `{{ ${value} }}`), withBlocks);
}

function block(condition: string, content: string): string {
  return `{{- ${condition} }}\n${content}\n{{- end }}`;
}

function chartFile(): string {
  return `${notice}apiVersion: v2
name: vmpod
description: Virtual machines and containers side by side, as pods, behind one Kubernetes API
type: application
version: ${programVersion()}
appVersion: ${programVersion()}
kubeVersion: ">=1.20.0-0"
`;
}

function valuesFile(): string {
  return `${notice}
# Where the images vmpod and launcher are (\`vmpod images push\`), and by which tag.
registry: ${localRegistry}
tag: ${defaultTag}
imagePullPolicy: ${defaultSettings.imagePullPolicy}
# Secrets in the release's namespace: [{name: ...}].
imagePullSecrets: []

# Of the controller and of the API extension each.
replicas: ${defaultSettings.replicas}

# The nodes that run machines, by their labels.
nodeSelector: {}

# The kubelets' root directory.
kubeletRoot: ${defaultSettings.kubeletRoot}

# trace, debug, info, warn or error.
logLevel: ${defaultSettings.logLevel}
`;
}
