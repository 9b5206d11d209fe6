import { findCondition, vmiConditions } from "../../../api/kubevirt/conditions.ts";
import { lastWords } from "../../../api/kubevirt/end-events.ts";
import { flags } from "./flags.ts";
import type { Explanation, Rule, Situation } from "./situation.ts";

/** Causes that lie in the past: the instance has ended, or its guest did not boot. */
export const endedRules: readonly Rule[] = [didNotBoot, failed, succeeded];

const bootRemedies: Record<string, string> = {
  NoBootableDevice: "use a disk image with a boot loader, or set bootOrder on the disk that has one",
  BootLoop: "the guest resets again and again while it boots",
  KernelPanic: "the guest's kernel stopped with a panic",
};

function didNotBoot(situation: Situation): Explanation | undefined {
  const boot = findCondition(situation.vmi?.status?.conditions, "GuestBootFailed");
  if (boot?.status !== "True") return undefined;
  const { reason = "", message } = boot;
  const log = `\`vmpod logs ${situation.name}${flags(situation)}\` shows its console`;
  const remedy = bootRemedies[reason];
  return {
    why: `is powered on but its guest did not boot (${[reason, message].filter(Boolean).join(": ")})`,
    todo: remedy ? `${remedy}; ${log}` : log,
  };
}

const startRemedies: Readonly<Record<string, string>> = {
  ContainerDiskCopyFailed: "correct the image, or make room on the node",
  FilesystemLost: "correct the volume that the file system shows",
};

function failed(situation: Situation): Explanation | undefined {
  const { vmi, pod } = situation;
  if (vmi?.status?.phase !== "Failed") return undefined;
  const ended = pod?.status?.containerStatuses?.find(({ name }) => name === "compute")?.state?.terminated;
  const log = `\`vmpod logs ${situation.name}${flags(situation)}\` shows its last words`;
  if (ended?.reason === "OOMKilled") {
    return {
      why: "was killed because its pod exceeded its memory limit (OOMKilled)",
      todo: "raise spec.domain.resources.limits.memory",
    };
  }
  if (vmi.status.reason === "NodeUnresponsive") {
    return {
      why: `failed with its node ${vmi.status.nodeName ?? ""}, which is gone`,
      todo: "`kubectl get nodes` shows the nodes",
    };
  }
  if (vmi.status.reason === "GuestPanicked") {
    return { why: "ended because its guest's kernel panicked (GuestPanicked)", todo: log };
  }
  const start = findCondition(vmi.status.conditions, vmiConditions.synchronized);
  const remedy = startRemedies[start?.reason ?? ""];
  if (start && remedy)
    return { why: `failed before it was powered on (${start.message ?? start.reason})`, todo: remedy };
  if (ended) {
    const cause = lastWords(ended) ?? (ended.reason === "Error" ? undefined : ended.reason);
    return {
      why: `ended because QEMU exited with status ${ended.exitCode}${cause ? ` (${cause})` : ""}`,
      todo: log,
    };
  }
  return { why: `failed (${vmi.status.reason ?? "no reason was given"})`, todo: log };
}

function succeeded(situation: Situation): Explanation | undefined {
  if (situation.vmi?.status?.phase !== "Succeeded") return undefined;
  const start = situation.vm
    ? `start it again with \`vmpod start ${situation.name}${flags(situation)}\``
    : "delete the instance, or create it anew";
  return { why: "was shut down from inside the guest", todo: start };
}
