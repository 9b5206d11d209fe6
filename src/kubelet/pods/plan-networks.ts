/**
 * The networks that a running pod has beside its own follow its annotation. Before its first container they are attached with that
 * (../execute/start-container.ts); who is new here cannot know what was done, and does it again. Pure.
 */
import { networksTextOf } from "../networks/attached-networks.ts";
import type { Action } from "./actions.ts";
import { hasEnded, isLive } from "./lifetime.ts";
import type { Observation } from "./observation.ts";

export function planNetworks(o: Observation): Action[] {
  const [sandbox] = o.runtime.sandboxes;
  if (o.pod === undefined || sandbox?.ready !== true || hasEnded(o)) return [];
  const hasBegun = o.runtime.containers.some((container) => container.sandboxId === sandbox.id && isLive(container));
  const isDelayed = (o.memory.failures.get("attach-networks")?.retryAtMs ?? 0) > o.nowMs;
  if (!hasBegun || isDelayed || o.memory.networks === networksTextOf(o.pod)) return [];
  return [{ type: "attach-networks", sandboxId: sandbox.id }];
}
