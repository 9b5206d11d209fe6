/** One machine: an embedded instance. */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { exec } from "../../src/base/exec.ts";
import { claimInstance } from "../embedded/claim-instance.ts";
import { bin, eventually, patience, testInstance } from "../embedded/instance.ts";
import { type Part, pidOf } from "../embedded/parts.ts";
import { apiTools } from "./api-tools.ts";
import type { StartedTarget } from "./target.ts";

const number = 18;
const parts = { agent: "agent", controller: "controller", api: "apiserver" } as const satisfies Record<string, Part>;

export async function startEmbedded(): Promise<StartedTarget> {
  claimInstance(number);
  const instance = testInstance("vmpar", number);
  await exec([bin, "up", "--detach", ...instance.location, ...instance.shape], { timeoutMs: 300_000 * patience });
  const tools = await apiTools(instance.kubeconfig);
  return {
    ...tools,
    name: "embedded",
    attachesNetworks: true,
    async crash(part) {
      const pid = pidOf(instance, parts[part]);
      if (pid !== undefined) process.kill(pid, "SIGKILL");
      await eventually("a successor", 60_000, () => {
        const next = pidOf(instance, parts[part]);
        return next !== undefined && next !== pid ? next : undefined;
      });
    },
    metrics: () => tools.kubectl("get", "--raw", "/metrics"),
    agentLog: () => Promise.resolve(readFileSync(join(instance.runDir, "log/agent.log"), "utf8")),
    async stop() {
      tools.client.close();
      const argv = [bin, "down", ...instance.location, "--grace-period", "2", "--purge"];
      await exec(argv, { timeoutMs: 120_000 * patience });
      rmSync(instance.dataDir, { recursive: true, force: true });
    },
  };
}
