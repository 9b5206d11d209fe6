/** One machine: an embedded instance. */
import { rmSync } from "node:fs";
import { eventually, succeed, testInstance } from "../embedded/instance.ts";
import { type Part, pidOf } from "../embedded/parts.ts";
import type { Target } from "./target.ts";

export interface StartedTarget extends Target {
  stop(): Promise<void>;
}

const parts = { agent: "agent", controller: "controller", api: "apiserver" } as const satisfies Record<string, Part>;

export function startEmbedded(): StartedTarget {
  const instance = testInstance("vmpar", 18);
  succeed(instance.up(), "vmpod up");
  return {
    ...instance,
    name: "embedded",
    async crash(part) {
      const pid = pidOf(instance, parts[part]);
      if (pid !== undefined) process.kill(pid, "SIGKILL");
      await eventually("a successor", 20_000, () => {
        const next = pidOf(instance, parts[part]);
        return next !== undefined && next !== pid ? next : undefined;
      });
    },
    stop() {
      succeed(instance.down("--grace-period", "2", "--purge"), "vmpod down");
      rmSync(instance.dataDir, { recursive: true, force: true });
      return Promise.resolve();
    },
  };
}
