/** The scenarios that follow one machine, on one machine and on a real Kubernetes: what `npm test` has time for. All of them: ../suite/parity.test.ts. */
import { ofOneMachine } from "../../parity/scenarios.ts";
import { playOnBoth } from "../../parity/play-on-both.ts";

playOnBoth(ofOneMachine);
