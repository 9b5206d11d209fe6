import { defaultInstance, pathsOf } from "../base/instance.ts";
import { type InstanceState, readState } from "../embedded/state-file.ts";

/** @throws when no instance was brought up there */
export function requireState(instanceFile = pathsOf(defaultInstance).instanceFile): InstanceState {
  const state = readState(instanceFile);
  if (!state) throw new Error(`no instance in ${instanceFile}: start one with \`vmpod up\``);
  return state;
}
