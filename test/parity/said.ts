/** vmpod's commands, and what they say. */
import { succeed } from "../embedded/instance.ts";
import { privateKey } from "./ssh-key.ts";
import type { Target } from "./target.ts";

/** @throws when the command fails */
export async function said(target: Target, ...args: string[]): Promise<string> {
  return succeed(await target.vmpod(...args), `${target.name}: vmpod ${args.join(" ")}`);
}

/** The guest makes its host key anew at each boot. */
export const login = ["-i", privateKey, "--known-hosts", "/dev/null"];

export async function bootId(target: Target): Promise<string | undefined> {
  const command = "cat /proc/sys/kernel/random/boot_id";
  const { status, stdout } = await target.vmpod("ssh", ...login, "vmpod@vm/resident", "-c", command);
  return status === 0 ? stdout.trim() : undefined;
}

/** By the resident's agent, as root. @returns its output, whatever its exit code */
export async function inGuest(target: Target, line: string): Promise<string> {
  return (await target.vmpod("exec", "vm/resident", "--", "sh", "-c", line)).stdout;
}
