/** The processes that vmpod itself consists of, in one embedded instance. */
import { join } from "node:path";
import { findContainerd } from "../../src/cri/containerd/start.ts";
import { findProcess } from "../../src/embedded/process-record.ts";
import type { TestInstance } from "./instance.ts";

export const parts = ["apiserver", "controller", "agent", "supervisor", "containerd"] as const;
export type Part = (typeof parts)[number];

/** Undefined for a moment while it is replaced. */
export function pidOf({ dataDir, runDir }: TestInstance, part: Part): number | undefined {
  if (part === "containerd") {
    return findContainerd({ rootDir: join(dataDir, "containerd"), stateDir: join(runDir, "containerd") });
  }
  return findProcess(join(runDir, "pid", part))?.pid;
}
