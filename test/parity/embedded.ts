/** The scenarios on one embedded instance alone: `node --test test/parity/embedded.ts`. For those who write scenarios. */
import { after, before } from "node:test";
import { startEmbedded } from "./embedded-target.ts";
import { playOn } from "./play.ts";
import { scenarios } from "./scenarios.ts";
import type { StartedTarget } from "./target.ts";

const targets: StartedTarget[] = [];
before(async () => void targets.push(await startEmbedded()));
playOn(scenarios, () => targets);
after(() => Promise.all(targets.map((target) => target.stop())));
