/** What every part of the kubelet works with. */
import type { Pod, Service } from "../../api/core.ts";
import type { Turns } from "../base/turns.ts";
import type { CriClient } from "../cri/client.ts";
import type { PodEvents } from "./events.ts";
import type { CpuManager } from "./cpus/cpu-manager.ts";
import type { KubeletOptions } from "./options.ts";

export interface KubeletContext extends KubeletOptions {
  cri: CriClient;
  events: PodEvents;
  /** Of all namespaces, as this node last saw them. */
  services(): Service[];
  /** The pods of this node, as last seen. */
  podByUid(uid: string): Pod | undefined;
  /** What the pods of this node ask for beyond what it has, in words. */
  overcommitment(): string | undefined;
  machine: Machine;
  /** What the runtime is to start takes turns: sandboxes and containers. */
  starts: Turns;
  cpus: CpuManager;
}

/** Of starts: a pod that has begun is finished before another one begins. */
export const urgency = { sandbox: 0, container: 1 } as const;

export interface Machine {
  memoryBytes: number;
  cpus: number;
}
