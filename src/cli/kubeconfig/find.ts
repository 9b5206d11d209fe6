import { accessSync, constants } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { defaultInstance, pathsOf } from "../../base/instance.ts";
import { readState } from "../../embedded/state-file.ts";

export interface KubeconfigPlaces {
  /** `--kubeconfig` */
  flag?: string;
  env?: NodeJS.ProcessEnv;
  runDir?: string;
}

/** Which kubeconfig to use: a file, `env` for the list in `$KUBECONFIG`. */
export type KubeconfigChoice = { path: string; from: "flag" | "instance" | "home" } | { from: "env" };

/**
 * The first of: `--kubeconfig`, `$KUBECONFIG`, the admin of the vmpod that runs on this machine, `~/.kube/config`.
 * @throws Error naming what to do when there is none
 */
export function findKubeconfig({ flag, env = process.env, runDir }: KubeconfigPlaces): KubeconfigChoice {
  if (flag) return { from: "flag", path: flag };
  if (env["KUBECONFIG"]) return { from: "env" };
  const instance = instanceKubeconfig(runDir);
  if (instance) return { from: "instance", path: instance };
  const home = join(env["HOME"] ?? homedir(), ".kube", "config");
  if (isReadable(home)) return { from: "home", path: home };
  throw new Error(
    "there is no cluster to talk to: start one with `vmpod up`, or name a kubeconfig with --kubeconfig or $KUBECONFIG",
  );
}

/** The admin kubeconfig of the instance whose run directory this is, when it is there and ours to read. */
export function instanceKubeconfig(
  runDir = process.env["VMPOD_RUN_DIR"] ?? defaultInstance.runDir,
): string | undefined {
  const state = readState(pathsOf({ ...defaultInstance, runDir }).instanceFile);
  const path = state && pathsOf(state.instance).kubeconfig("admin");
  return path && isReadable(path) ? path : undefined;
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false; // gone, or another user's: then it is not ours to use
  }
}
