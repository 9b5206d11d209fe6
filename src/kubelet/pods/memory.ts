/** The mutable side of `PodMemory`: what this process learns about one pod while it works on it. */
import type { KnownToken } from "../volumes/token.ts";
import { failureDelayMs, setupDelayMs } from "./backoff.ts";
import type { Failure, PodMemory, ProbeState } from "./observation.ts";

export interface MountedVolume {
  /** A directory, file or block device of the host. */
  hostPath: string;
  readOnly: boolean;
}

export interface MutablePodMemory extends PodMemory {
  inFlight: Set<string>;
  failures: Map<string, Failure>;
  probes: Map<string, ProbeState>;
  resized: Map<string, string>;
  volumes: Map<string, MountedVolume>;
  volumesReady: boolean;
  cleanedUp: boolean;
  networks: string | undefined;
  tokens: Map<string, KnownToken>;
  /** Aborted when the pod is deleted: what it still waits for it will not need. */
  deleted: AbortController;
}

export function newPodMemory(): MutablePodMemory {
  return {
    inFlight: new Set(),
    failures: new Map(),
    probes: new Map(),
    resized: new Map(),
    volumes: new Map(),
    tokens: new Map(),
    deleted: new AbortController(),
    volumesReady: false,
    cleanedUp: false,
    networks: undefined,
  };
}

/** Notes a failure and when to try again. */
export function noteFailure(memory: MutablePodMemory, key: string, reason: string, message: string): Failure {
  const count = (memory.failures.get(key)?.count ?? 0) + 1;
  const delay = key.startsWith("start-container/") ? failureDelayMs(count) : setupDelayMs(count);
  const failure = { reason, message, count, retryAtMs: Date.now() + delay };
  memory.failures.set(key, failure);
  return failure;
}
