/** Whether this node's kubelet gives containers processors of their own: it says so in a file of its root directory. */
import { join } from "node:path";
import { readTextIfThere } from "../../base/files.ts";

export async function hasStaticCpuManager(kubeletRoot: string): Promise<boolean> {
  return isStatic((await readTextIfThere(join(kubeletRoot, "cpu_manager_state"))) ?? "");
}

/** The file may be in the middle of being written: then the next look tells. */
export function isStatic(state: string): boolean {
  try {
    const { policyName } = (JSON.parse(state) ?? {}) as { policyName?: unknown };
    return policyName === "static";
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
