/**
 * Freezes the guest's file systems for a while. A guest that nobody thaws is a guest that hangs, so a timer does, and
 * an agent that starts anew thaws what its predecessor's timer no longer can (see guest-agents.ts).
 */
import type { AgentClient } from "./agent-client.ts";

export async function freeze(agent: AgentClient): Promise<void> {
  await agent.execute("guest-fsfreeze-freeze", {}, { timeoutMs: 60_000 });
}

export async function thaw(agent: AgentClient): Promise<void> {
  await agent.execute("guest-fsfreeze-thaw", {}, { timeoutMs: 60_000 });
}

const units: Record<string, number> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** A Go duration: `5m0s`, `1h`, `500ms`. Undefined when it is none. */
export function parseDurationMs(text: string): number | undefined {
  if (text === "0") return 0;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== text) return undefined;
  return parts.reduce((sum, [, amount = "0", unit = "s"]) => sum + Number(amount) * (units[unit] ?? 0), 0);
}
