/** Events about pods, as the kubelet tells them. */
import type { Pod } from "../../api/core.ts";
import type { EventRecorder } from "../runtime/event-recorder.ts";

export interface PodEvents {
  normal(pod: Pod, reason: string, message: string): void;
  warning(pod: Pod, reason: string, message: string): void;
}

export function createPodEvents(recorder: EventRecorder): PodEvents {
  const named = (pod: Pod): Pod => ({ ...pod, apiVersion: "v1", kind: "Pod" });
  return {
    normal: (pod, reason, message) => recorder.record(named(pod), "Normal", reason, message),
    warning: (pod, reason, message) => recorder.record(named(pod), "Warning", reason, message),
  };
}
