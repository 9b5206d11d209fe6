/** The effects that a plan may ask for. Each is idempotent. */
import { InvariantError } from "../../base/errors.ts";

export type Action =
  | { type: "set-up-volumes" }
  | { type: "run-sandbox"; attempt: number }
  | { type: "stop-sandbox"; sandboxId: string }
  | { type: "remove-sandbox"; sandboxId: string }
  | { type: "start-container"; container: string; sandboxId: string; attempt: number; backoffLevel: number }
  | { type: "stop-container"; containerId: string; container: string; graceSeconds: number; message: string }
  | { type: "resize-container"; containerId: string; container: string }
  | { type: "remove-container"; containerId: string }
  | { type: "attach-networks"; sandboxId: string }
  | { type: "tear-down" }
  | { type: "delete-pod" };

/** Names an action among those of its pod: what runs already is not started a second time. */
export function actionKey(action: Action): string {
  switch (action.type) {
    case "start-container":
      return startKey(action.container);
    case "stop-container":
      return `${action.type}/${action.containerId}`;
    case "resize-container":
    case "remove-container":
      return `${action.type}/${action.containerId}`;
    case "stop-sandbox":
    case "remove-sandbox":
      return `${action.type}/${action.sandboxId}`;
    case "attach-networks":
    case "set-up-volumes":
    case "run-sandbox":
    case "tear-down":
    case "delete-pod":
      return action.type;
    default:
      throw new InvariantError(`unknown action ${JSON.stringify(action satisfies never)}`);
  }
}

export const resizeKey = (containerId: string): string => `resize-container/${containerId}`;

export const startKey = (container: string): string => `start-container/${container}`;

/** Actions that may take long: they are started, and their end wakes the pod's reconcile. */
export function isLong(action: Action): boolean {
  return action.type === "start-container" || action.type === "stop-container";
}
