/**
 * Connects to a unix socket that lies where somebody less trusted than we may write, such as a guest's QEMU: a symbolic
 * link in its place would lead us, who run as root, to any socket of the host. So the socket is pinned first, looked
 * at, and connected to through the pin. The path to its directory must be beyond their reach.
 */
import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { connect, Socket } from "node:net";
import { oPath } from "./open-path.ts";

/** What goes wrong comes as the socket's `error`. */
export function connectSocketFile(path: string): Socket {
  let pin: number;
  try {
    pin = pinSocket(path);
  } catch (error) {
    return new Socket().destroy(error as Error);
  }
  const socket = connect(`/proc/self/fd/${pin}`);
  // The kernel has looked the path up when `connect` returns; the pin stays until it says how that ended.
  const release = (): void => {
    if (pin >= 0) closeSync(pin);
    pin = -1;
  };
  return socket.once("connect", release).once("close", release);
}

function pinSocket(path: string): number {
  const pin = openSync(path, oPath | constants.O_NOFOLLOW);
  if (fstatSync(pin).isSocket()) return pin;
  closeSync(pin);
  throw new Error(`${path} is not a socket`);
}
