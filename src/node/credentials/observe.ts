/** What is wanted of a guest's credentials, and what of it the guest has taken. */
import { createHash } from "node:crypto";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { launcherPaths } from "../../qemu/domain/paths.ts";
import { type Files, readMountedFiles } from "../disks/mounted-files.ts";
import { hostPathOf } from "../process/container-files.ts";
import { credentialSecrets, type WantedCredentials, wantedCredentials } from "./wanted.ts";

export interface CredentialObservation {
  wanted: WantedCredentials;
  digest: string;
  /** How the last attempt went with what is wanted now; undefined before its end. */
  outcome: { failure: string | undefined } | undefined;
  /** It is time to hand them over. */
  due: boolean;
}

/** An attempt, as the agent remembers it: without it they are handed over once more. */
export interface CredentialAttempt {
  /** Of what was handed over; empty when the guest may have forgotten it since. */
  digest: string;
  atMs: number;
  outcome: { failure: string | undefined } | undefined;
}

const retryMs = 30_000;

/** Undefined when nothing is to go through the guest's agent. The kubelet keeps the mounted Secrets up to date. */
export async function observeCredentials(
  vmi: VirtualMachineInstance,
  pid: number,
  attempt: CredentialAttempt | undefined,
): Promise<CredentialObservation | undefined> {
  const names = credentialSecrets(vmi.spec);
  if (names.length === 0) return undefined;
  const secrets = await readSecrets(pid, names);
  return secrets && compareAttempt(wantedCredentials(vmi.spec, secrets), attempt, Date.now());
}

/** Undefined while one is just being replaced: nothing may be taken from the guest because of that. */
async function readSecrets(pid: number, names: readonly string[]): Promise<Record<string, Files> | undefined> {
  const read = (name: string): Promise<Files> => readMountedFiles(hostPathOf(pid, `${launcherPaths.secrets}/${name}`));
  try {
    return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await read(name)] as const)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Pure. */
export function compareAttempt(
  wanted: WantedCredentials,
  attempt: CredentialAttempt | undefined,
  nowMs: number,
): CredentialObservation {
  const digest = createHash("sha256").update(JSON.stringify(wanted)).digest("hex");
  const isUnderWay = attempt !== undefined && attempt.outcome === undefined;
  // Beside one that is under way, what is wanted by now could be overtaken by what was.
  if (attempt?.digest !== digest) return { wanted, digest, outcome: undefined, due: !isUnderWay };
  const failed = attempt.outcome?.failure !== undefined;
  return { wanted, digest, outcome: attempt.outcome, due: failed && nowMs - attempt.atMs > retryMs };
}
