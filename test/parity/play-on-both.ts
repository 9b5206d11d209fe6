/** An embedded instance and a cluster with vmpod on it, up before the scenarios and gone after them. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startOnCluster } from "./cluster-target.ts";
import { commandVerbs } from "./command-verbs.ts";
import { startEmbedded } from "./embedded-target.ts";
import { playOn } from "./play.ts";
import type { Scenario, StartedTarget } from "./target.ts";
import { verbsOfNoMachine } from "./verbs-of-no-machine.ts";

export function playOnBoth(scenarios: readonly Scenario[]): void {
  const targets: StartedTarget[] = [];

  before(async () => {
    const starts = await Promise.allSettled([startEmbedded(), startOnCluster((line) => console.error(line))]);
    targets.push(...starts.filter((start) => start.status === "fulfilled").map(({ value }) => value));
    for (const start of starts) if (start.status === "rejected") throw start.reason;
  });

  playOn(scenarios, () => targets);

  test("every verb of vmpod has been used on both", () => {
    const due = commandVerbs.filter((verb) => !(verb in verbsOfNoMachine));
    for (const { name, verbsUsed } of targets)
      assert.deepEqual(
        due.filter((verb) => !verbsUsed.has(verb)),
        [],
        name,
      );
  });

  after(() => Promise.all(targets.map((target) => target.stop())));
}
