/** All scenarios, in the order in which they are played: some leave a machine for the next. */
import { access } from "./scenarios/access.ts";
import { crashes } from "./scenarios/crashes.ts";
import { lifecycle, theEnd } from "./scenarios/lifecycle.ts";
import { seeds } from "./scenarios/seeds.ts";
import { strategies } from "./scenarios/strategies.ts";
import { trouble } from "./scenarios/trouble.ts";
import { verbs } from "./scenarios/verbs.ts";
import type { Scenario } from "./target.ts";

export const scenarios: readonly Scenario[] = [
  ...lifecycle,
  ...access,
  ...verbs,
  ...seeds,
  ...crashes,
  ...strategies,
  ...trouble,
  theEnd,
];

/** Those that need few machines beside the first, and so a quarter of the time. */
export const ofOneMachine: readonly Scenario[] = [...lifecycle, ...access, ...verbs, ...trouble, theEnd];
