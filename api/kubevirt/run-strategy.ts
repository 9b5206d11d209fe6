/** When a VirtualMachine's instance should exist. */
import type { VirtualMachine } from "./types.ts";

/**
 *   Always          from now on, whatever happens
 *   Halted          never
 *   Manual          as start and stop say
 *   RerunOnFailure  until it ends by itself with success; again after a failure
 *   Once            one time
 */
export const runStrategies = ["Always", "Halted", "Manual", "RerunOnFailure", "Once"] as const;

export type RunStrategy = (typeof runStrategies)[number];

export function isRunStrategy(text: string): text is RunStrategy {
  return (runStrategies as readonly string[]).includes(text);
}

/** `running: true` is the old way to write Always. */
export function runStrategyOf(vm: VirtualMachine): RunStrategy {
  const { running, runStrategy } = vm.spec;
  if (runStrategy !== undefined && isRunStrategy(runStrategy)) return runStrategy;
  return running ? "Always" : "Halted";
}
