/** Policies for a guest whose migration takes longer than its patience, and nodes that permit postcopy. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Selects machines labelled `machine: NAME` in namespaces labelled `team: movers`. */
export function policyFor(machine: string, name: string, decisions: object): object {
  return {
    apiVersion: "migrations.kubevirt.io/v1alpha1",
    kind: "MigrationPolicy",
    metadata: { name },
    spec: {
      ...decisions,
      selectors: { virtualMachineInstanceSelector: { machine }, namespaceSelector: { team: "movers" } },
    },
  };
}

const sysctl = "/proc/sys/vm/unprivileged_userfaultfd";

/** For the whole machine. @returns what takes it back */
export function permitUserfaultfd(): () => void {
  const before = readFileSync(sysctl, "utf8");
  writeFileSync(sysctl, "1");
  return () => writeFileSync(sysctl, before);
}

export const profile = "vmpod-test/postcopy.json";

/** Not one to be copied: it forbids little more than what no process of a pod may do anyway. */
export function writeProfile(kubeletRoot: string): void {
  const path = join(kubeletRoot, "seccomp", profile);
  mkdirSync(dirname(path), { recursive: true });
  const forbidden = { names: ["bpf", "kexec_load", "open_by_handle_at", "ptrace"], action: "SCMP_ACT_ERRNO" };
  const architectures = ["SCMP_ARCH_X86_64"];
  writeFileSync(path, JSON.stringify({ defaultAction: "SCMP_ACT_ALLOW", architectures, syscalls: [forbidden] }));
}

export const withProfile = {
  seccompConfiguration: { virtualMachineInstanceProfile: { customProfile: { localhostProfile: profile } } },
};
