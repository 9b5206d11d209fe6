/** Four sockets of the guest's USB bus: whoever connects to one and speaks usbredir plugs a device of theirs in. */
import type { Domain } from "./domain.ts";
import { type Argument, option } from "./options.ts";
import { usbRedirectionSocket } from "./paths.ts";

/** As many as upstream has. */
export const usbRedirections = 4;

export function usbRedirectionArguments({ usbRedirection }: Domain, runDirectory: string): Argument[] {
  if (!usbRedirection) return [];
  return Array.from({ length: usbRedirections }, (_, slot) => slot).flatMap((slot): Argument[] => {
    const id = `usbredir${slot}`;
    const path = `${runDirectory}/${usbRedirectionSocket(slot)}`;
    return [
      ["-chardev", option("socket", { id, path, server: true, wait: false })],
      ["-device", option("usb-redir", { id, chardev: id, bus: "usb.0" })],
    ];
  });
}
