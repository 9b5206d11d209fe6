/** What SELinux calls a process. */
import { readFile } from "node:fs/promises";
import { isErrno } from "../../base/files.ts";

/** As upstream's status says that there is no SELinux. */
const none = "none";

/** `user:role:type:level`, or `none`, also when the process is gone. */
export async function selinuxContextOf(pid: number): Promise<string> {
  try {
    return parseContext(await readFile(`/proc/${pid}/attr/current`, "utf8"));
  } catch (error) {
    // Kernels without any security module that names processes.
    if (isErrno(error, "EINVAL", "ENOENT", "ESRCH")) return none;
    throw error;
  }
}

/** Other security modules write names of their own there. */
export function parseContext(text: string): string {
  const context = text.replace(/[\0\n]+$/, "");
  return context.split(":").length >= 4 ? context : none;
}
