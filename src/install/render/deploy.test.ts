/** What lies under deploy/ says the same in its three forms; the chart as Helm itself makes it. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { parseAllDocuments } from "yaml";
import type { KubeObject } from "../../../api/meta.ts";
import { portableFeatures } from "../features.ts";
import { defaultSettings, type InstallSettings } from "../settings.ts";
import { renderInstallation, stages } from "./installation.ts";

const root = new URL("../../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(`deploy/${path}`, root), "utf8");
const documents = (text: string): KubeObject[] => parseAllDocuments(text).map((each) => each.toJS() as KubeObject);

const helm = fileURLToPath(new URL("node_modules/.bin/helm", root));
const chart = fileURLToPath(new URL("deploy/helm/vmpod", root));

/** @param values as in values.yaml */
function renderChart(values: object = {}): KubeObject[] {
  const argv = ["template", "vmpod", chart, "--namespace", defaultSettings.namespace, "--values", "-"];
  return sorted(documents(execFileSync(helm, argv, { input: JSON.stringify(values), encoding: "utf8" })));
}

/** Helm says who made it, makes the namespace by itself, and has an order of its own. */
function expectedOf(settings: InstallSettings): KubeObject[] {
  const ofHelm = JSON.stringify(objectsOf(settings)).replaceAll(
    '"app.kubernetes.io/managed-by":"vmpod"',
    '"app.kubernetes.io/managed-by":"Helm"',
  );
  return sorted((JSON.parse(ofHelm) as KubeObject[]).filter(({ kind }) => kind !== "Namespace"));
}

function objectsOf(settings: InstallSettings): KubeObject[] {
  const installation = renderInstallation(settings, portableFeatures);
  return stages.filter((stage) => stage !== "definitions").flatMap((stage) => installation[stage]);
}

function sorted(objects: readonly KubeObject[]): KubeObject[] {
  const key = ({ kind, metadata }: KubeObject) => `${kind} ${metadata?.namespace} ${metadata?.name}`;
  return objects.toSorted((one, other) => key(one).localeCompare(key(other)));
}

test("plain YAML is what vmpod install applies, but for the kinds", () => {
  const expected = objectsOf(defaultSettings);
  assert.deepEqual(documents(read("vmpod.yaml")), JSON.parse(JSON.stringify(expected)));
});

test("the kinds are those that vmpod install applies", () => {
  const { definitions } = renderInstallation(defaultSettings, portableFeatures);
  assert.deepEqual(documents(read("helm/vmpod/crds/crds.yaml")), JSON.parse(JSON.stringify(definitions)));
});

test("Helm finds nothing wrong with the chart", () => {
  assert.match(execFileSync(helm, ["lint", "--strict", chart], { encoding: "utf8" }), /0 chart\(s\) failed/);
});

test("the chart with its default values is the plain YAML, but for the namespace", () => {
  assert.deepEqual(renderChart(), expectedOf(defaultSettings));
});

test("the chart's values arrive where vmpod install puts its flags", () => {
  const same = {
    imagePullPolicy: "Always" as const,
    replicas: 3,
    nodeSelector: { machines: "yes", zone: "a" },
    kubeletRoot: "/var/snap/kubelet",
    logLevel: "debug" as const,
  };
  const values = { ...same, registry: "r.example.org/x", tag: "v2", imagePullSecrets: [{ name: "login" }] };
  const settings = {
    ...defaultSettings,
    ...same,
    vmpodImage: "r.example.org/x/vmpod:v2",
    launcherImage: "r.example.org/x/launcher:v2",
    imagePullSecrets: ["login"],
  };
  assert.deepEqual(renderChart(values), expectedOf(settings));
});
