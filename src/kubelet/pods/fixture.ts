/** Observations for tests, one fact at a time. */
import type { Container, Pod, PodSpec, PodStatus } from "../../../api/core.ts";
import type { ObjectMeta } from "../../../api/meta.ts";
import { resourcesText } from "../config/resources-text.ts";
import { specHash } from "../config/spec-hash.ts";
import { newPodMemory } from "./memory.ts";
import type { Observation, RuntimeContainer, SandboxState } from "./observation.ts";

export const nowMs = Date.parse("2026-01-01T12:00:00Z");
export const mainContainer: Container = { name: "main", image: "localhost/i:1" };

export function aPod(spec: Partial<PodSpec> = {}, status: PodStatus = {}, metadata: ObjectMeta = {}): Pod {
  return {
    metadata: { name: "p", namespace: "n", uid: "u", ...metadata },
    spec: { containers: [mainContainer], ...spec },
    status,
  };
}

export function aSandbox(extra: Partial<SandboxState> = {}): SandboxState {
  return {
    id: "s0",
    namespace: "n",
    name: "p",
    attempt: 0,
    ready: true,
    createdAtMs: nowMs,
    ips: ["10.0.0.2"],
    ...extra,
  };
}

export function aContainer(extra: Partial<RuntimeContainer> = {}): RuntimeContainer {
  const name = extra.name ?? "main";
  const attempt = extra.attempt ?? 0;
  return {
    id: `${name}-${attempt}`,
    sandboxId: "s0",
    name,
    attempt,
    phase: "running",
    startedAtMs: nowMs - 60_000,
    finishedAtMs: extra.phase === "exited" ? nowMs - 1000 : 0,
    exitCode: 0,
    reason: "",
    message: "",
    image: "localhost/i:1",
    imageId: "sha256:1",
    logPath: "",
    specHash: specHash({ ...mainContainer, name }),
    resources: resourcesText(mainContainer),
    backoffLevel: 0,
    gracePeriodSeconds: 30,
    ...extra,
  };
}

/** A pod whose volumes are set up. */
export function observed(
  pod: Pod | undefined,
  sandboxes: SandboxState[] = [],
  containers: RuntimeContainer[] = [],
  memory: Partial<Observation["memory"]> = {},
): Observation {
  const defaults = { ...newPodMemory(), volumesReady: true, networks: "" };
  return { uid: "u", pod, runtime: { sandboxes, containers }, memory: { ...defaults, ...memory }, nowMs };
}
