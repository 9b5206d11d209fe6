import { endedRules } from "./ended-rules.ts";
import { podRules } from "./pod-rules.ts";
import { runningRules } from "./running-rules.ts";
import type { Explanation, Rule, Situation } from "./situation.ts";
import { vmRules } from "./vm-rules.ts";
import { vmiRules } from "./vmi-rules.ts";

/** From the owner's decisions down to the guest: the first cause in this order explains those after it. */
const rules: readonly Rule[] = [...vmRules, ...endedRules, ...runningRules, ...vmiRules, ...podRules];

/** Says, from its objects alone, why a machine is not running and what to do. Pure. */
export function explainMachine(situation: Situation): Explanation {
  for (const rule of rules) {
    const explanation = rule(situation);
    if (explanation) return explanation;
  }
  const phase = situation.vmi?.status?.phase ?? "unknown";
  return {
    why: `is in phase ${phase} and nothing has reported a problem`,
    todo: `give it a moment, then look at \`kubectl describe vmi ${situation.name} -n ${situation.namespace}\``,
  };
}
