/**
 * Plays scenarios on all targets, each at its own pace, and compares what they saw. One test per scenario; at the end a table
 * with a column for each target, and how long and how busy the whole machine was.
 */
import assert from "node:assert/strict";
import { cpus } from "node:os";
import { after, test } from "node:test";
import { messageOf } from "../../src/base/errors.ts";
import type { Scenario, Target } from "./target.ts";

type Outcome = { seen: unknown; seconds: number } | { failure: string };

/** @param targets up when the first test runs */
export function playOn(scenarios: readonly Scenario[], targets: () => readonly Target[]): void {
  const rows: string[][] = [];
  const begin = { wallMs: 0, busySeconds: 0 };
  let columns: Promise<Outcome>[][] | undefined;

  /** Not in a hook of its own: the targets are up in the first test, not before. */
  function begun(): Promise<Outcome>[][] {
    if (columns === undefined) Object.assign(begin, { wallMs: performance.now(), busySeconds: busySeconds() });
    columns ??= targets().map((target) => playInTurn(scenarios, target));
    assert.ok(columns.length > 0, "nowhere to play");
    return columns;
  }

  for (const [index, scenario] of scenarios.entries()) {
    test(`${index + 1}. ${scenario.name}`, async () => {
      const outcomes = await Promise.all(begun().flatMap((column) => column.slice(index, index + 1)));
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
    const lines = [header, header.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
    const wallSeconds = (performance.now() - begin.wallMs) / 1000;
    const busy = busySeconds() - begin.busySeconds;
    console.error(`\n${lines.join("\n")}\n${wallSeconds.toFixed(1)} s, processors busy for ${busy.toFixed(1)} s\n`);
  });
}

/** One after the other, whatever becomes of each. No target waits for another: its guests boot while the other's shut down. */
function playInTurn(scenarios: readonly Scenario[], target: Target): Promise<Outcome>[] {
  let last: Promise<unknown> = Promise.resolve();
  return scenarios.map((scenario) => {
    const outcome = last.then(() => play(scenario, target));
    last = outcome;
    return outcome;
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

/** Of all processors together, whoever used them. */
function busySeconds(): number {
  const times = cpus().map(({ times: { user, nice, sys, irq } }) => user + nice + sys + irq);
  return times.reduce((sum, each) => sum + each, 0) / 1000;
}
