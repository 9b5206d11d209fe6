/** docs/metrics.md: the catalogue of metrics as tables. deploy/prometheus-rules.yaml: the rules on them. */
import { defaultNamespace } from "../../src/base/cluster-names.ts";
import { toYaml } from "../../src/base/yaml.ts";
import { absentMetrics } from "../../src/telemetry/catalogue/absent.ts";
import { controllerMetrics } from "../../src/telemetry/catalogue/controller.ts";
import { nodeMetrics } from "../../src/telemetry/catalogue/node.ts";
import type { Metric } from "../../src/telemetry/metric.ts";
import { renderPrometheusRule } from "../../src/telemetry/rules.ts";

const notice = "# Made by `npm run generate` from src/telemetry/rules.ts. For clusters with the Prometheus operator.\n";

export function generateMetrics(): Promise<Map<string, string>> {
  return Promise.resolve(
    new Map([
      ["docs/metrics.md", page()],
      ["deploy/prometheus-rules.yaml", notice + toYaml(renderPrometheusRule(defaultNamespace))],
    ]),
  );
}

function page(): string {
  return `<!-- Made by \`npm run generate\` from src/telemetry/catalogue. -->
# Metrics

Names, types, units and labels are KubeVirt's, so that dashboards and alerts made for it work. They are taken when somebody asks: between scrapes
nothing is counted, and a guest that does not answer costs its own numbers only ([why](decisions/0028-metrics.md)).

## Where

Embedded, the API server tells everything: its own metrics, the controllers' and the node's.

\`\`\`sh
kubectl get --raw /metrics
\`\`\`

A Prometheus scrapes \`https://ADDRESS:6443/metrics\` with a token of somebody who may \`get\` the path \`/metrics\`, such as a ServiceAccount
bound to the ClusterRole \`system:monitoring\`:

\`\`\`sh
kubectl create serviceaccount prometheus && kubectl create clusterrolebinding prometheus --clusterrole system:monitoring --serviceaccount default:prometheus
kubectl create token prometheus --duration 8760h
\`\`\`

In a cluster each pod tells its own part, over TLS, to who has such a token: node agents at port 10260, controllers at 8444, the API extension at
8443 (\`/metrics\` each). Their pods have the label \`prometheus.kubevirt.io\` and annotations \`prometheus.io/*\`, and the headless Service
\`kubevirt-prometheus-metrics\` selects them, as KubeVirt's does. Their certificates are of vmpod's own authority: a scraper skips verification, as it
does for KubeVirt.

\`vmpod_metrics_source_up\` of an embedded instance is 0 when its agent did not answer; the agent brings the controller's metrics along.
Recording rules and alerts for the Prometheus operator are in [deploy/prometheus-rules.yaml](../deploy/prometheus-rules.yaml).

## Of guests, told by node agents

Label \`node\` is the node, \`namespace\` and \`name\` are those of the VirtualMachineInstance. A guest's memory statistics come from its balloon's
driver, which QEMU asks every 10 s while somebody scrapes (and no more five minutes later): the first scrape lacks them. File
systems and load come from the guest agent.

${tableOf(nodeMetrics)}

## Of machines, told by the leading controller

${tableOf(controllerMetrics)}

## What KubeVirt has and vmpod has not

| metric | why |
|---|---|
${Object.entries(absentMetrics)
  .map(([name, reason]) => `| \`${name}\` | ${reason} |`)
  .join("\n")}

The instance type and the preference in \`kubevirt_vm_info\` and \`kubevirt_vmi_info\` are named whoever's they are; KubeVirt tells only those that it ships.
`;
}

function tableOf(metrics: Readonly<Record<string, Metric>>): string {
  const rows = Object.values(metrics).map(
    ({ name, type, unit, labels, help }) => `| \`${name}\` | ${type} | ${unit} | ${labels.join(", ")} | ${help} |`,
  );
  return ["| metric | type | unit | labels | what it is |", "|---|---|---|---|---|", ...rows].join("\n");
}
