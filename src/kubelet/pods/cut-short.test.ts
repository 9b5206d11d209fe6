import assert from "node:assert/strict";
import { test } from "node:test";
import { startKey } from "./actions.ts";
import { asCreatedIfCutShort, runFailure } from "./cut-short.ts";
import { aContainer, aPod, nowMs, observed } from "./fixture.ts";

const startError = aContainer({ phase: "exited", startedAtMs: 0, exitCode: 128, reason: "StartError" });
const noFailures = observed(undefined).memory;
const failedWith = (reason: string) =>
  observed(undefined, [], [], {
    failures: new Map([[startKey("main"), { reason, message: "m", count: 1, retryAtMs: nowMs }]]),
  }).memory;

const told = (containerID: string) => {
  const terminated = { exitCode: 128, containerID };
  return aPod({}, { containerStatuses: [{ name: "main", state: { terminated } }] as never });
};

const cases: [what: string, phase: string, ...Parameters<typeof asCreatedIfCutShort>][] = [
  ["nobody saw the start fail", "created", startError, aPod(), noFailures],
  ["only its image was missing before", "created", startError, aPod(), failedWith("ErrImagePull")],
  ["the API server knows the end of another one", "created", startError, told("containerd://main-7"), noFailures],
  ["this process saw the start fail", "exited", startError, aPod(), failedWith(runFailure)],
  ["the API server knows the failed start", "exited", startError, told("containerd://main-0"), noFailures],
  ["it ran", "exited", aContainer({ phase: "exited", exitCode: 1 }), aPod(), noFailures],
  ["it runs", "running", aContainer(), aPod(), noFailures],
];

for (const [what, phase, ...given] of cases) {
  test(`${what}: ${phase}`, () => {
    assert.equal(asCreatedIfCutShort(...given).phase, phase);
  });
}
