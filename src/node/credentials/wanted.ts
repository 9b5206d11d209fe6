/** What a machine's `accessCredentials` want of its guest through the agent. Pure. */
import type { VirtualMachineInstanceSpec } from "../../../api/kubevirt/types.ts";
import type { Files } from "../disks/mounted-files.ts";

/** By user. */
export interface WantedCredentials {
  /** All that the user has: others are removed. */
  keys: Record<string, string[]>;
  passwords: Record<string, string>;
}

/** The Secrets that hold them, each once. */
export function credentialSecrets({ accessCredentials = [] }: VirtualMachineInstanceSpec): string[] {
  const names = accessCredentials.flatMap(({ sshPublicKey, userPassword }) => [
    ...(sshPublicKey?.propagationMethod.qemuGuestAgent ? [sshPublicKey.source.secret?.secretName] : []),
    ...(userPassword?.propagationMethod.qemuGuestAgent ? [userPassword.source.secret?.secretName] : []),
  ]);
  return [...new Set(names.filter((name) => name !== undefined))];
}

/** `secrets` has each of `credentialSecrets`. */
export function wantedCredentials(
  { accessCredentials = [] }: VirtualMachineInstanceSpec,
  secrets: Readonly<Record<string, Files>>,
): WantedCredentials {
  const wanted: WantedCredentials = { keys: {}, passwords: {} };
  for (const { sshPublicKey, userPassword } of accessCredentials) {
    const keys = linesOf(secrets[sshPublicKey?.source.secret?.secretName ?? ""]);
    for (const user of sshPublicKey?.propagationMethod.qemuGuestAgent?.users ?? [])
      wanted.keys[user] = [...new Set([...(wanted.keys[user] ?? []), ...keys])];
    if (userPassword?.propagationMethod.qemuGuestAgent)
      Object.assign(wanted.passwords, textsOf(secrets[userPassword.source.secret?.secretName ?? ""]));
  }
  return wanted;
}

/** Every value may hold several keys, one a line. */
function linesOf(files: Files = {}): string[] {
  const lines = Object.values(textsOf(files)).flatMap((text) => text.split("\n").map((line) => line.trim()));
  return lines.filter((line) => line !== "" && !line.startsWith("#"));
}

/** A line break at the end is an editor's, not the password's. */
function textsOf(files: Files = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(files).map(([name, bytes]) => [name, bytes.toString("utf8").replace(/\r?\n$/, "")]),
  );
}
