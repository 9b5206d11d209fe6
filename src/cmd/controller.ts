/**
 * `vmpod controller`: the workload controllers and the VM controllers of the embedded mode. VMPOD_IMAGE_VOLUMES=false in its
 * environment makes machines as on a cluster whose pods have no image volumes.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { collectWhenQuiet } from "../base/collect-when-quiet.ts";
import { podDisruptionBudgets } from "../../api/policy.ts";
import { pathsOf } from "../base/instance.ts";
import { createLogger } from "../base/log.ts";
import { programVersion } from "../base/version.ts";
import { createClient } from "../client/create-client.ts";
import { loadKubeconfig } from "../client/kubeconfig.ts";
import { createControllerMetrics } from "../controllers/metrics/controller-metrics.ts";
import { startVirtualMachineControllers } from "../controllers/start.ts";
import { credentialFiles } from "../embedded/credentials.ts";
import { become, userFrom } from "../embedded/unprivileged.ts";
import { createTraceExporter, traceTargetFrom } from "../telemetry/trace/exporter.ts";
import { serveMetricsSocket } from "../telemetry/metrics-socket.ts";
import { startWorkloadControllers } from "../workloads/start.ts";
import { requireState } from "./instance-state.ts";
import { untilTerminated } from "./terminate.ts";

const options = {
  "instance-file": { type: "string" },
  /** Number of the user to go on as, once everything is read. */
  "run-as": { type: "string" },
} as const;

export async function run(argv: string[]): Promise<number> {
  const { values } = parseArgs({ args: argv, options });
  const { instance, images } = requireState(values["instance-file"]);
  const log = createLogger("controller");
  const signal = untilTerminated();
  collectWhenQuiet(signal);
  const config = await loadKubeconfig(pathsOf(instance).kubeconfig("controller"));
  const client = createClient({ ...config, userAgent: "vmpod-controller" });
  const clusterCa = await readFile(credentialFiles(instance).ca, "utf8");
  const version = `v${programVersion()}`;
  const metrics = createControllerMetrics({ version });
  await serveMetricsSocket({ path: pathsOf(instance).controllerMetrics, text: () => metrics.text(), signal });
  if (values["run-as"] !== undefined) become(userFrom(values["run-as"]));
  startWorkloadControllers({
    client,
    clusterCa,
    volumesDir: join(instance.dataDir, "volumes"),
    log,
    signal,
  });
  const target = traceTargetFrom(process.env);
  await startVirtualMachineControllers({
    client,
    ...(target && { traces: createTraceExporter(target, log) }),
    launcherImage: images.launcher,
    imageVolumes: process.env["VMPOD_IMAGE_VOLUMES"] !== "false",
    podsCanGrow: true,
    disruptionBudgets: podDisruptionBudgets,
    version,
    metrics,
    log,
    signal,
  });
  client.close();
  return 0;
}
