import assert from "node:assert/strict";
import { test } from "node:test";
import { decidePhase } from "./phase.ts";
import type { Observation } from "../observation.ts";
import { containerStatus, copyingPod, observationOf, podIn } from "../sample.ts";

const uncopied = copyingPod("Failed", { terminated: { exitCode: 1 } });

/** A launcher whose QEMU runs, or has ended with a code, and what serves its file system has ended. */
const serving = (server: number, qemu?: number) =>
  podIn("Running", {
    status: {
      containerStatuses: [
        containerStatus("compute", qemu === undefined ? { running: {} } : { terminated: { exitCode: qemu } }),
        containerStatus("virtiofs-a", { terminated: { exitCode: server } }),
      ],
    },
  });
const waitingServer = podIn("Running", {
  status: {
    containerStatuses: [
      containerStatus("compute", { terminated: { exitCode: 1, reason: "Error" } }),
      containerStatus("virtiofs-a", { running: {} }),
    ],
  },
});
const endedApart = podIn("Failed", { status: { containerStatuses: serving(137, 0).status?.containerStatuses ?? [] } });

test("phases", () => {
  const table: [string, string | undefined, Partial<Observation>, string, string?][] = [
    ["new", undefined, {}, "Pending"],
    ["waits for its pod", "Pending", {}, "Pending"],
    ["pod created", "Pending", { pods: [podIn("Pending")] }, "Scheduling"],
    ["pod starts", "Scheduling", { pods: [podIn("Pending")] }, "Scheduling"],
    ["pod runs", "Scheduling", { pods: [podIn("Running")] }, "Scheduled"],
    ["the agent's phase stays", "Running", { pods: [podIn("Running")] }, "Running"],
    ["pod ended well", "Running", { pods: [podIn("Succeeded")] }, "Succeeded"],
    ["pod failed", "Scheduling", { pods: [podIn("Failed", { status: { reason: "Evicted" } })] }, "Failed", "Evicted"],
    ["no disk copied", "Scheduling", { pods: [uncopied] }, "Failed", "ContainerDiskCopyFailed"],
    ["no server of a file system", "Scheduling", { pods: [serving(1)] }, "Failed", "FilesystemLost"],
    ["it fails before the guest runs", "Scheduled", { pods: [serving(1)] }, "Failed", "FilesystemLost"],
    ["it fails while the guest runs", "Running", { pods: [serving(137)] }, "Running"],
    ["it goes as QEMU goes", "Running", { pods: [serving(0)] }, "Running"],
    ["QEMU ended, and nobody else knows", "Scheduling", { pods: [waitingServer] }, "Failed", "QemuExitCode1"],
    ["QEMU ended well, others did not", "Running", { pods: [endedApart] }, "Succeeded"],
    ["pod vanished", "Running", {}, "Failed", "PodNotExists"],
    ["node gone", "Running", { pods: [podIn("Running")], nodeExists: false }, "Failed", "NodeUnresponsive"],
    ["final stays", "Succeeded", {}, "Succeeded"],
    ["final stays while the pod ends", "Failed", { pods: [podIn("Running")] }, "Failed"],
  ];
  for (const [what, phase, change, expected, reason] of table) {
    const decision = decidePhase(observationOf(phase, change));
    assert.equal(decision.phase, expected, what);
    assert.equal(decision.reason, reason, what);
  }
});
