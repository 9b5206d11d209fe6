/**
 * Everything that deciding about one pod needs, as plain data read at one moment.
 *
 *   API server --pod-------\
 *   container runtime ------> Observation --plan--> actions
 *   this process (pulls, --/             \--status--> PodStatus
 *   probes, failures)
 *
 * What must survive a death of this process lives in the first two: attempts and back-off levels are annotations
 * of the runtime's containers, so a new process goes on where the dead one was.
 */
import type { Pod } from "../../../api/core.ts";

export interface Observation {
  uid: string;
  /** Undefined when the API server no longer has the pod. */
  pod: Pod | undefined;
  runtime: RuntimeState;
  memory: PodMemory;
  nowMs: number;
}

export interface RuntimeState {
  /** Newest attempt first. */
  sandboxes: SandboxState[];
  /** Newest attempt first. */
  containers: RuntimeContainer[];
}

export interface SandboxState {
  id: string;
  namespace: string;
  name: string;
  attempt: number;
  ready: boolean;
  createdAtMs: number;
  ips: string[];
}

export interface RuntimeContainer {
  id: string;
  sandboxId: string;
  name: string;
  /** How often the container was started before this one. */
  attempt: number;
  phase: "created" | "running" | "exited" | "unknown";
  startedAtMs: number;
  finishedAtMs: number;
  exitCode: number;
  reason: string;
  message: string;
  image: string;
  imageId: string;
  logPath: string;
  /** Of the container spec it was made from. */
  specHash: string;
  /** What it was made with; see config/resources-text.ts. Empty when that was not noted. */
  resources: string;
  /** How many restarts in quick succession led to this one. */
  backoffLevel: number;
  /** For an end without the pod's spec at hand. */
  gracePeriodSeconds: number;
}

/** What only this process knows of a pod. */
export interface PodMemory {
  /** Long-running actions under way, by key (see actions.ts). */
  inFlight: ReadonlySet<string>;
  /** Actions that failed lately, by key; not tried again before `retryAtMs`. */
  failures: ReadonlyMap<string, Failure>;
  /** Results of probes, by runtime container id. */
  probes: ReadonlyMap<string, ProbeState>;
  /** What this process has given to running containers since, by runtime container id. */
  resized: ReadonlyMap<string, string>;
  volumesReady: boolean;
  /** Nothing of the pod is left on this machine but the runtime's records. */
  cleanedUp: boolean;
  /** What its annotation asked for when networks were attached last; undefined: not by this process. */
  networks: string | undefined;
}

export interface Failure {
  reason: string;
  message: string;
  count: number;
  retryAtMs: number;
}

export interface ProbeState {
  started: boolean;
  ready: boolean;
  /** Why the container has to be restarted, when a liveness or startup probe failed for good. */
  unhealthy?: string;
}
