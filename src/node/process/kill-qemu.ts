/** Ends a QEMU that is not to be asked: its container fails, and with it the instance whose guest it had. */
import { isSameQemu, type QemuProcess } from "./find-qemu.ts";

export async function killQemu(qemu: QemuProcess): Promise<void> {
  if (await isSameQemu(qemu)) process.kill(qemu.pid, "SIGKILL");
}
