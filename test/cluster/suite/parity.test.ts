/** Every scenario on one machine and on a real Kubernetes: the same manifests, the same states. */
import { playOnBoth } from "../../parity/play-on-both.ts";
import { scenarios } from "../../parity/scenarios.ts";

playOnBoth(scenarios);
