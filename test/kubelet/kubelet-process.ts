/** The kubelet alone, as a program: `node kubelet-process.ts CONFIG.json`. */
import { readFileSync } from "node:fs";
import { createLogger } from "../../src/base/log.ts";
import { createClient } from "../../src/client/create-client.ts";
import { loadKubeconfig } from "../../src/client/kubeconfig.ts";
import { createKubelet } from "../../src/kubelet/kubelet.ts";
import type { KubeletOptions } from "../../src/kubelet/options.ts";

export interface KubeletProcessConfig extends Omit<KubeletOptions, "client" | "log"> {
  kubeconfig: string;
}

if (import.meta.main) {
  const { kubeconfig, ...options } = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as KubeletProcessConfig;
  const client = createClient(await loadKubeconfig(kubeconfig));
  const kubelet = createKubelet({ ...options, client, log: createLogger("kubelet") });
  const stopping = new AbortController();
  process.once("SIGTERM", () => stopping.abort());
  await kubelet.start(stopping.signal);
}
