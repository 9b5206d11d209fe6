/** Which Secret of a machine holds what, and what changing it means. Pure. */
import type { Secret } from "../../../api/core.ts";
import type { AccessCredential, VirtualMachine } from "../../../api/kubevirt/types.ts";

const credentialsOf = (vm: VirtualMachine): readonly AccessCredential[] =>
  vm.spec.template.spec.accessCredentials ?? [];

/** Those that the guest's agent is given for the user: others would count at the next boot only. */
export function keySecretsOf(vm: VirtualMachine, user: string): string[] {
  return credentialsOf(vm).flatMap(({ sshPublicKey }) =>
    sshPublicKey?.propagationMethod.qemuGuestAgent?.users.includes(user)
      ? (sshPublicKey.source.secret?.secretName ?? [])
      : [],
  );
}

export function passwordSecretsOf(vm: VirtualMachine): string[] {
  return credentialsOf(vm).flatMap(({ userPassword }) => userPassword?.source.secret?.secretName ?? []);
}

/** The one to change. @throws Error when it is not clear */
export function chooseSecret(candidates: readonly string[], asked: string | undefined, what: string): string {
  if (asked !== undefined) {
    if (candidates.includes(asked)) return asked;
    throw new Error(`secret ${asked} is not one of the machine's accessCredentials for ${what} by the guest's agent`);
  }
  const [only, ...more] = new Set(candidates);
  if (only === undefined) throw new Error(`the machine has no accessCredentials for ${what} by the guest's agent`);
  if (more.length > 0)
    throw new Error(`several secrets hold ${what}: choose one of ${[only, ...more].join(", ")} with --secret`);
  return only;
}

/** A Secret that others may use, too, is only changed when that is said. @throws Error */
export function refuseForeign(secret: Secret, vm: VirtualMachine, force: boolean | undefined): void {
  const { name, ownerReferences = [] } = secret.metadata ?? {};
  if (force || ownerReferences.some(({ uid }) => uid === vm.metadata?.uid)) return;
  throw new Error(
    `secret ${name} does not have an owner reference pointing to VM ${vm.metadata?.name}: use --force to change it anyway`,
  );
}

/** The keys of `data` without the one; undefined where it is all that the entry holds. */
export function withoutKey(data: Readonly<Record<string, string>>, key: string): Record<string, string | null> {
  const entries = Object.entries(data).flatMap(([name, encoded]): [string, string | null][] => {
    const lines = Buffer.from(encoded, "base64").toString("utf8").split("\n");
    const rest = lines.filter((line) => line.trim() !== key.trim());
    if (rest.length === lines.length) return [];
    const isEmpty = rest.every((line) => line.trim() === "");
    return [[name, isEmpty ? null : Buffer.from(rest.join("\n")).toString("base64")]];
  });
  return Object.fromEntries(entries);
}
