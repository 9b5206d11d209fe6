/** What lies under deploy/ says the same in its three forms. Helm itself is not needed: the chart uses little of its language. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parse, parseAllDocuments, stringify } from "yaml";
import type { KubeObject } from "../../../api/meta.ts";
import { portableFeatures } from "../features.ts";
import { defaultSettings } from "../settings.ts";
import { renderInstallation, stages } from "./installation.ts";

const read = (path: string): string => readFileSync(new URL(`../../../deploy/${path}`, import.meta.url), "utf8");
const documents = (text: string): KubeObject[] => parseAllDocuments(text).map((each) => each.toJS() as KubeObject);

const defaults = parse(read("helm/vmpod/values.yaml")) as Record<string, unknown>;

/** Go templates as far as the chart uses them. */
function renderChart(changed: Record<string, unknown> = {}): KubeObject[] {
  const scope: Record<string, unknown> = {
    Values: { ...defaults, ...changed },
    Release: { Namespace: "vmpod", Service: "vmpod" },
  };
  const valueOf = (path: string): unknown =>
    path.split(".").reduce<unknown>((value, key) => (key ? (value as Record<string, unknown>)[key] : value), scope);
  const text = read("helm/vmpod/templates/vmpod.yaml")
    .replaceAll(
      /\s*\{\{- if ne (\S+) "([^"]*)" \}\}(.*?)\s*\{\{- end \}\}/gs,
      (_, path: string, other: string, body: string) => (valueOf(path) === other ? "" : body),
    )
    .replaceAll(/\s*\{\{- with (\S+) \}\}(.*?)\s*\{\{- end \}\}/gs, (_, path: string, body: string) => {
      const value = valueOf(path);
      if (Object.keys(value as object).length === 0) return "";
      return body
        .replace("{{ toJson . }}", JSON.stringify(value))
        .replace(/\s*\{\{- toYaml \. \| nindent (\d+) \}\}/, (_, indent: string) =>
          `\n${stringify(value).trimEnd()}`.replaceAll("\n", `\n${" ".repeat(Number(indent))}`),
        );
    })
    .replaceAll(/\{\{ (\S+) \}\}/g, (_, path: string) => String(valueOf(path)));
  assert.doesNotMatch(text, /\{\{|undefined/);
  return documents(text);
}

test("plain YAML is what vmpod install applies, but for the kinds", () => {
  const installation = renderInstallation(defaultSettings, portableFeatures);
  const expected = stages.filter((stage) => stage !== "definitions").flatMap((stage) => installation[stage]);
  assert.deepEqual(documents(read("vmpod.yaml")), JSON.parse(JSON.stringify(expected)));
});

test("the kinds are those that vmpod install applies", () => {
  const { definitions } = renderInstallation(defaultSettings, portableFeatures);
  assert.deepEqual(documents(read("helm/vmpod/crds/crds.yaml")), JSON.parse(JSON.stringify(definitions)));
});

test("the chart with its default values is the plain YAML, but for the namespace", () => {
  const expected = documents(read("vmpod.yaml")).filter(({ kind }) => kind !== "Namespace");
  assert.deepEqual(renderChart(), expected);
});

test("the chart's values arrive where vmpod install puts its flags", () => {
  const same = {
    imagePullPolicy: "Always" as const,
    replicas: 3,
    nodeSelector: { machines: "yes", zone: "a" },
    kubeletRoot: "/var/snap/kubelet",
    logLevel: "debug" as const,
  };
  const chart = renderChart({ ...same, registry: "r.example.org/x", tag: "v2", imagePullSecrets: [{ name: "login" }] });
  const settings = {
    ...defaultSettings,
    ...same,
    vmpodImage: "r.example.org/x/vmpod:v2",
    launcherImage: "r.example.org/x/launcher:v2",
    imagePullSecrets: ["login"],
  };
  const installation = renderInstallation(settings, portableFeatures);
  const expected = stages
    .filter((stage) => stage !== "definitions")
    .flatMap((stage) => installation[stage])
    .filter(({ kind }) => kind !== "Namespace");
  assert.deepEqual(chart, JSON.parse(JSON.stringify(expected)));
});
