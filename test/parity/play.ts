/**
 * Plays scenarios, each on all targets at the same time, and compares what they saw. One test per scenario; at the end
 * a table with a column for each target.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { messageOf } from "../../src/base/errors.ts";
import type { Scenario, Target } from "./target.ts";

type Outcome = { seen: unknown; seconds: number } | { failure: string };

/** @param targets up when the first test runs */
export function playOn(scenarios: readonly Scenario[], targets: () => readonly Target[]): void {
  const rows: string[][] = [];
  for (const [index, scenario] of scenarios.entries()) {
    test(`${index + 1}. ${scenario.name}`, async () => {
      const outcomes = await Promise.all(targets().map((target) => play(scenario, target)));
      rows.push([String(index + 1), scenario.name, ...outcomes.map((outcome) => verdict(outcome, outcomes[0]))]);
      const failures = targets().flatMap(({ name }, at) => {
        const outcome = outcomes[at];
        return outcome && "failure" in outcome ? [`${name}: ${outcome.failure}`] : [];
      });
      assert.deepEqual(failures, []);
      const [first, ...others] = outcomes.map((outcome) => ("seen" in outcome ? outcome.seen : undefined));
      for (const other of others) assert.deepEqual(other, first, "the targets differ");
    });
  }
  after(() => {
    const header = ["", "scenario", ...targets().map(({ name }) => name)];
    console.error(
      `\n${[header, header.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n")}\n`,
    );
  });
}

async function play(scenario: Scenario, target: Target): Promise<Outcome> {
  const started = performance.now();
  try {
    // As it would come over the wire: without what is undefined.
    const seen: unknown = JSON.parse(JSON.stringify((await scenario.play(target)) ?? null));
    return { seen, seconds: (performance.now() - started) / 1000 };
  } catch (error) {
    return { failure: messageOf(error) };
  }
}

function verdict(outcome: Outcome, first: Outcome | undefined): string {
  if ("failure" in outcome) return "FAILED";
  const same = first !== undefined && "seen" in first && JSON.stringify(first.seen) === JSON.stringify(outcome.seen);
  return `${same ? "ok" : "DIFFERS"} (${outcome.seconds.toFixed(1)} s)`;
}
