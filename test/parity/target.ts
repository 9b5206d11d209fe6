/** What a scenario sees of the place where it runs: the same few ways in, an embedded instance or a real cluster behind them. */
import type { ApiTools } from "./api-tools.ts";

export interface Target extends ApiTools {
  name: string;
  /** Whether somebody there attaches other networks than the pod's: not on this cluster, which has no Multus. */
  attachesNetworks: boolean;
  /** kill -9 of every process of that part of vmpod. */
  crash(part: "agent" | "controller" | "api"): Promise<void>;
  /** Everything that vmpod's parts tell a Prometheus. */
  metrics(): Promise<string>;
  /** What the node agents have logged. */
  agentLog(): Promise<string>;
}

export interface StartedTarget extends Target {
  stop(): Promise<void>;
}

export interface Scenario {
  name: string;
  /** Asserts what must hold anywhere, and tells what it saw, without what differs by chance: names, times, addresses. */
  play(target: Target): unknown;
}
