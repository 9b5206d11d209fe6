import { exec } from "../base/exec.ts";
import type { NetworkPlan } from "./network-plan.ts";

/** Carries a plan out in one process inside the network namespace. @throws CommandError */
export async function applyNetwork(netnsPath: string, plan: NetworkPlan, signal?: AbortSignal): Promise<void> {
  await exec(["nsenter", `--net=${netnsPath}`, "sh", "-e"], { input: toShell(plan), signal, timeoutMs: 10_000 });
}

/** Our own names and numbers only: nothing of a manifest reaches the shell unchecked. */
export function toShell(plan: NetworkPlan): string {
  return [
    ...(plan.links.length > 0 ? ["ip -batch - <<'END_OF_LINKS'", ...plan.links, "END_OF_LINKS"] : []),
    ...plan.sysctls.map(({ path, value }) => `echo ${value} > /proc/sys/net/${path}`),
    ...(plan.ruleset === "" ? [] : ["nft -f - <<'END_OF_RULES'", plan.ruleset, "END_OF_RULES"]),
    "",
  ].join("\n");
}
