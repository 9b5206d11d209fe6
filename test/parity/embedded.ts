/** The scenarios on one embedded instance alone: `node --test test/parity/embedded.ts`. For those who write scenarios. */
import { after, before } from "node:test";
import { type StartedTarget, startEmbedded } from "./embedded-target.ts";
import { playOn } from "./play.ts";
import { scenarios } from "./scenarios.ts";

const targets: StartedTarget[] = [];
before(() => void targets.push(startEmbedded()));
playOn(scenarios, () => targets);
after(() => Promise.all(targets.map((target) => target.stop())));
