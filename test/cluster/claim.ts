/**
 * Who works on a cluster: one process at a time, by a lock of the kernel (flock(1)). It is held by a child that ends when its
 * standard input does, so the lock goes with us, however we end. The file also tells who holds it, for people who wait.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readTextIfThere } from "../../src/base/files.ts";
import type { ClusterPlan } from "./plan.ts";

export interface Claim {
  release(): Promise<void>;
}

/** Undefined when another process has it. */
export async function tryClaim({ lockFile }: Pick<ClusterPlan, "lockFile">): Promise<Claim | undefined> {
  const child = spawn(
    "flock",
    ["--nonblock", lockFile, "sh", "-c", `echo ${process.pid} >"$0"; echo held; exec cat`, lockFile],
    {
      stdio: ["pipe", "pipe", "inherit"],
      // Ctrl+C at the terminal is for us: the lock goes when we do.
      detached: true,
    },
  );
  const exited = once(child, "exit");
  const isHeld = await Promise.race([once(child.stdout, "data").then(() => true), exited.then(() => false)]);
  if (!isHeld) return undefined;
  letUsEnd(child);
  return {
    async release() {
      child.ref();
      child.stdin.end();
      await exited;
    },
  };
}

/** Waits for whoever has it; `onWait` is told once who that is. */
export async function claim(plan: Pick<ClusterPlan, "lockFile">, onWait: (holder: string) => void): Promise<Claim> {
  for (let isFirst = true; ; isFirst = false) {
    const taken = await tryClaim(plan);
    if (taken) return taken;
    if (isFirst) onWait(await holderOf(plan));
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** The process that has it, as its command line. */
export async function holderOf({ lockFile }: Pick<ClusterPlan, "lockFile">): Promise<string> {
  const pid = (await readTextIfThere(lockFile))?.trim() ?? "";
  const argv = ((await readTextIfThere(`/proc/${pid}/cmdline`)) ?? "").split("\0").filter(Boolean);
  return `process ${pid} (${argv.slice(-3).join(" ")})`;
}

/** The lock alone does not keep a program running. */
function letUsEnd(child: ChildProcess): void {
  child.unref();
  for (const stream of [child.stdin, child.stdout]) (stream as unknown as { unref(): void }).unref();
}
