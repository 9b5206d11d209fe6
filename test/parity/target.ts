/** What a scenario sees of the place where it runs: the same few ways in, an embedded instance or a real cluster behind them. */
import type { ApiTools } from "../embedded/instance.ts";

export interface Target extends ApiTools {
  name: string;
  /** kill -9 of every process of that part of vmpod. */
  crash(part: "agent" | "controller" | "api"): Promise<void>;
}

export interface Scenario {
  name: string;
  /** Asserts what must hold anywhere, and tells what it saw, without what differs by chance: names, times, addresses. */
  play(target: Target): unknown;
}
