/** Holds docs/kubevirt-parity.md against the tests that were run: each row that one of them does not show any more is a failure. */
import { features } from "../test/features/features.ts";
import { unproven } from "../test/features/unproven.ts";
import type { TestResults } from "./run-tests.ts";

/** @returns how many; prints them */
export function countUnproven(results: readonly TestResults[]): number {
  const files = new Set(results.flatMap((each) => [...each.files]));
  const lines = unproven(features, { files, passed: results.flatMap(({ passes }) => passes) });
  for (const line of lines) console.log(`FAILED docs/kubevirt-parity.md: ${line}`);
  return lines.length;
}
