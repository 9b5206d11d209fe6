/** All scenarios, in the order in which they are played: some leave a machine for the next. */
import { access } from "./scenarios/access.ts";
import { crashes } from "./scenarios/crashes.ts";
import { changedCredentials, credentialsArrive, guestVerbs } from "./scenarios/guest-verbs.ts";
import { lifecycle, theEnd } from "./scenarios/lifecycle.ts";
import { seeds } from "./scenarios/seeds.ts";
import { sets } from "./scenarios/sets.ts";
import { strategies } from "./scenarios/strategies.ts";
import { trouble } from "./scenarios/trouble.ts";
import { verbs } from "./scenarios/verbs.ts";
import type { Scenario } from "./target.ts";

/** Those that need few machines beside the first, and so a quarter of the time. */
export const ofOneMachine: readonly Scenario[] = inOrder([]);

export const scenarios: readonly Scenario[] = inOrder([...seeds, ...crashes, ...strategies]);

/** @param others need machines of their own */
function inOrder(others: readonly Scenario[]): Scenario[] {
  return [
    ...lifecycle,
    ...access,
    ...guestVerbs,
    ...verbs,
    changedCredentials,
    ...sets,
    ...others,
    ...trouble,
    credentialsArrive,
    theEnd,
  ];
}
