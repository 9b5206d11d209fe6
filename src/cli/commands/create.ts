import type { Command } from "commander";
import { defineInstancetype, definePreference } from "../create/made-of.ts";
import { defineVm } from "../create/vm.ts";
import { examples } from "../program.ts";

/** Prints manifests, as virtctl does: what is made of them is kubectl's. */
export function define(command: Command): void {
  defineVm(command);
  defineInstancetype(command);
  definePreference(command);
  examples(command, [
    "A machine of two lines",
    "vmpod create vm --instancetype u1.small --preference debian \\\n    --volume-containerdisk src:localhost/vmpod/guest:latest | kubectl apply -f -",
  ]);
}
