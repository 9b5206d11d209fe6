/**
 * What shows a directory to a guest (src/controllers/virtualmachineinstance/launcher/filesystems.ts): not QEMU's own of before, which asks
 * for capabilities.
 */
import type { LaterProgram } from "./later.ts";

export const virtiofsd: LaterProgram = {
  packageName: "virtiofsd",
  libraries: ["libc6", "libcap-ng0", "libgcc-s1", "libseccomp2"],
  path: "/usr/libexec/virtiofsd",
  directory: "/usr/libexec/vmpod/virtiofs",
};
