/**
 * `vmpod cluster-controller`: the VM controllers of a cluster. Of several replicas one leads, the others wait for its Lease.
 *
 * The lease is shorter than Kubernetes' usual one: a replica waits out the whole of it from the renewal that it saw last, and looks every
 * two seconds, so that a leader that vanished is replaced within 15 s. One that ends in order gives the lease back, and a container
 * that is started anew in the same pod takes up its own.
 */
import { hostname } from "node:os";
import { parseArgs } from "node:util";
import { podDisruptionBudgets } from "../../../api/policy.ts";
import { defaultNamespace, serviceAccounts } from "../../base/cluster-names.ts";
import { collectWhenQuiet } from "../../base/collect-when-quiet.ts";
import { createLogger, type Logger, setLogLevel } from "../../base/log.ts";
import { programVersion } from "../../base/version.ts";
import type { Client } from "../../client/client.ts";
import { createControllerMetrics, type ControllerMetrics } from "../../controllers/metrics/controller-metrics.ts";
import { createClient } from "../../client/create-client.ts";
import { servesImageVolumes } from "../../client/image-volumes.ts";
import { servesPodResize } from "../../client/pod-resize.ts";
import { loadInClusterConfig } from "../../client/in-cluster.ts";
import { startCertificateController } from "../../controllers/certificates/controller.ts";
import { startVirtualMachineControllers } from "../../controllers/start.ts";
import { policyVersionOf, type ServedGroups } from "../../install/features.ts";
import { createAuthorizeScraper } from "../../http/reviews/authorize-scraper.ts";
import { runLeaderElection } from "../../runtime/leader-election.ts";
import { createTraceExporter, traceTargetFrom } from "../../telemetry/trace/exporter.ts";
import { untilTerminated } from "../terminate.ts";
import { serveHealth } from "./health.ts";
import { serveMetrics } from "./serve-metrics.ts";

const options = {
  "launcher-image": { type: "string" },
  namespace: { type: "string", default: defaultNamespace },
  "log-level": { type: "string" },
} as const;

const healthPort = 8080;
const metricsPort = 8444;
const lease = { leaseDurationMs: 10_000, renewDeadlineMs: 7_000, retryMs: 2_000 };

interface Settings {
  client: Client;
  namespace: string;
  launcherImage: string;
  metrics: ControllerMetrics;
  log: Logger;
}

export async function run(argv: string[]): Promise<number> {
  const { values } = parseArgs({ args: argv, options });
  const { namespace, "launcher-image": launcherImage } = values;
  if (!launcherImage) throw new Error("--launcher-image is missing: name the image that launcher pods run");
  if (values["log-level"] !== undefined) setLogLevel(values["log-level"]);
  const log = createLogger("controller");
  const signal = untilTerminated();
  collectWhenQuiet(signal);
  const client = createClient({ ...(await loadInClusterConfig()), userAgent: "vmpod-controller" });
  await serveHealth({ port: healthPort, isReady: () => true, signal });
  const metrics = createControllerMetrics({ version: `v${programVersion()}` });
  const authorize = createAuthorizeScraper(client);
  await serveMetrics({ port: metricsPort, text: () => metrics.text(), authorize, signal });
  await runLeaderElection(client, {
    ...lease,
    namespace,
    name: serviceAccounts.controller,
    identity: hostname(),
    signal,
    lead: (leading) => lead({ client, namespace, launcherImage, metrics, log }, leading),
  });
  client.close();
  return 0;
}

async function lead(settings: Settings, signal: AbortSignal): Promise<void> {
  const { client, namespace, launcherImage, metrics, log } = settings;
  const target = traceTargetFrom(process.env);
  const imageVolumes = await servesImageVolumes(client, signal);
  log.info({ imageVolumes }, imageVolumes ? "container disks are image volumes" : "container disks are copied");
  const podsCanGrow = await servesPodResize(client, signal);
  log.info({ podsCanGrow }, podsCanGrow ? "pods are resized where they are" : "guests that grow move to another pod");
  const version = policyVersionOf(await client.request<ServedGroups>("GET", "/apis", undefined, { signal })) ?? "v1";
  const certificates = startCertificateController({ client, namespace, log, signal });
  const machines = startVirtualMachineControllers({
    client,
    launcherImage,
    imageVolumes,
    podsCanGrow,
    disruptionBudgets: { ...podDisruptionBudgets, version },
    version: `v${programVersion()}`,
    kubeVirtNamespace: namespace,
    metrics,
    ...(target && { traces: createTraceExporter(target, log) }),
    workloads: {
      namespace,
      deployments: [serviceAccounts.controller, serviceAccounts.extension],
      daemonSets: [serviceAccounts.agent],
    },
    log,
    signal,
  });
  await Promise.all([certificates, machines]);
}
