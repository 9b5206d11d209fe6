/** What carries a guest's packets (src/network/passt-argv.ts): the one of before lets servers wait that speak first. */
import type { LaterProgram } from "./later.ts";

export const passt: LaterProgram = {
  packageName: "passt",
  libraries: ["libc6"],
  path: "/usr/bin/passt",
  directory: "/usr/libexec/vmpod/passt",
};
