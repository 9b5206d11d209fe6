/** An embedded instance and a cluster with vmpod on it, up before the scenarios and gone after them. */
import { after, before } from "node:test";
import { startOnCluster } from "./cluster-target.ts";
import { type StartedTarget, startEmbedded } from "./embedded-target.ts";
import { playOn } from "./play.ts";
import type { Scenario } from "./target.ts";

export function playOnBoth(scenarios: readonly Scenario[]): void {
  const targets: StartedTarget[] = [];

  before(async () => {
    targets.push(startEmbedded());
    targets.push(await startOnCluster((line) => console.error(line)));
  });

  playOn(scenarios, () => targets);

  after(async () => {
    for (const target of targets) await target.stop();
  });
}
