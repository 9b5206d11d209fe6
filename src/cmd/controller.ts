/** `vmpod controller`: the workload controllers and the VM controllers of the embedded mode. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { pathsOf } from "../base/instance.ts";
import { createLogger } from "../base/log.ts";
import { createClient } from "../client/create-client.ts";
import { loadKubeconfig } from "../client/kubeconfig.ts";
import { startVirtualMachineControllers } from "../controllers/start.ts";
import { credentialFiles } from "../embedded/credentials.ts";
import { startWorkloadControllers } from "../workloads/start.ts";
import { requireState } from "./instance-state.ts";
import { untilTerminated } from "./terminate.ts";

export async function run(argv: string[]): Promise<number> {
  const { values } = parseArgs({ args: argv, options: { "instance-file": { type: "string" } } });
  const { instance, images } = requireState(values["instance-file"]);
  const log = createLogger("controller");
  const signal = untilTerminated();
  const config = await loadKubeconfig(pathsOf(instance).kubeconfig("controller"));
  const client = createClient({ ...config, userAgent: "vmpod-controller" });
  startWorkloadControllers({
    client,
    clusterCa: await readFile(credentialFiles(instance).ca, "utf8"),
    volumesDir: join(instance.dataDir, "volumes"),
    log,
    signal,
  });
  await startVirtualMachineControllers({ client, launcherImage: images.launcher, log, signal });
  client.close();
  return 0;
}
