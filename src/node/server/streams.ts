/** The websockets: console, VNC, USB devices, port-forward, programs and files by the guest agent. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { StatusError } from "../../base/errors.ts";
import { acceptWebSocket, plainProtocol } from "../../streams/accept-web-socket.ts";
import { remoteCommandV5 } from "../../streams/remote-command-channels.ts";
import { serveRemoteCommand } from "../../streams/remote-command-session.ts";
import { spliceWebSocket } from "../../streams/splice-web-socket.ts";
import type { Consoles } from "../console/consoles.ts";
import type { UsbSlots } from "../console/usb-slots.ts";
import { dial, type VncSessions } from "../console/vnc.ts";
import { copyFile, parseFileRequest } from "../guest/copy-file.ts";
import type { GuestAgents } from "../guest/guest-agents.ts";
import { parseProgram, runProgram } from "../guest/run-program.ts";
import { socketOf } from "../process/container-files.ts";
import { forwardDatagrams } from "./forward-datagrams.ts";
import type { Route } from "./route.ts";
import type { Target } from "./target.ts";

export interface StreamContext {
  consoles: Consoles;
  vnc: VncSessions;
  guests: GuestAgents;
  usb: UsbSlots;
}

export interface Upgrade {
  req: IncomingMessage;
  socket: Duplex;
  head: Buffer;
}

/** A client that vanished without a word must not hold a session for ever. */
const pingIntervalMs = 10_000;

export type StreamVerb = (context: StreamContext, target: Target, route: Route, upgrade: Upgrade) => Promise<void>;

export const streamVerbs: Readonly<Record<string, StreamVerb>> = {
  console: serveConsole,
  vnc: serveVnc,
  usbredir: serveUsb,
  portforward,
  exec: serveExec,
  file: serveFile,
};

async function serveConsole({ consoles }: StreamContext, target: Target, _: Route, upgrade: Upgrade): Promise<void> {
  if (target.vmi.spec.domain.devices.autoattachSerialConsole === false) {
    throw new StatusError("BadRequest", "No serial consoles are present.");
  }
  const serial = await consoles.open(target.qemu);
  const accepted = await accept(upgrade);
  if (accepted) await serial.attach(accepted.ws);
}

async function serveVnc({ vnc }: StreamContext, target: Target, { query }: Route, upgrade: Upgrade): Promise<void> {
  if (target.vmi.spec.domain.devices.autoattachGraphicsDevice === false) {
    throw new StatusError("BadRequest", "No graphics devices are present.");
  }
  const preserve = query.get("preserveSession") === "true";
  const display = await vnc.open(target.key, socketOf(target.qemu.pid, "vnc"), preserve);
  await serve(upgrade, display);
}

async function serveUsb({ usb }: StreamContext, target: Target, _: Route, upgrade: Upgrade): Promise<void> {
  if (target.vmi.spec.domain.devices.clientPassthrough === undefined) {
    throw new StatusError("Conflict", "Not configured with USB Redirection");
  }
  await serve(upgrade, await usb.open(target.qemu));
}

/** To the guest through its pod's address; what the pod lets through is up to the interface's ports. */
async function portforward(_: StreamContext, target: Target, { rest }: Route, upgrade: Upgrade): Promise<void> {
  const [portText = "", protocol = "tcp"] = rest;
  const port = Number(portText);
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new StatusError("BadRequest", `port "${portText}" is not a number from 1 to 65535`);
  }
  if (protocol !== "tcp" && protocol !== "udp") {
    throw new StatusError("BadRequest", `protocol "${protocol}" is not served: use tcp or udp`);
  }
  const host = target.pod.status?.podIP;
  if (!host) throw new StatusError("Conflict", `pod of ${target.key} has no address yet`);
  if (protocol === "tcp") return serve(upgrade, await reach(host, port));
  const accepted = await accept(upgrade);
  if (accepted) await forwardDatagrams(accepted.ws, { host, port });
}

async function serveExec({ guests }: StreamContext, target: Target, { query }: Route, upgrade: Upgrade): Promise<void> {
  const program = parseProgram(query);
  const accepted = await accept(upgrade, remoteCommandV5);
  if (accepted) await runProgram(guests.of(target.qemu), program, serveRemoteCommand(accepted.ws));
}

async function serveFile({ guests }: StreamContext, target: Target, { query }: Route, upgrade: Upgrade): Promise<void> {
  const request = parseFileRequest(query);
  const accepted = await accept(upgrade, remoteCommandV5);
  if (accepted) await copyFile(guests.of(target.qemu), request, serveRemoteCommand(accepted.ws));
}

async function reach(host: string, port: number): ReturnType<typeof dial> {
  try {
    return await dial({ host, port });
  } catch (cause) {
    throw Object.assign(new StatusError("InternalError", `dialing guest at ${host}:${port}: ${String(cause)}`), {
      cause,
    });
  }
}

async function serve(upgrade: Upgrade, socket: Duplex): Promise<void> {
  const accepted = await accept(upgrade);
  if (accepted) await spliceWebSocket(accepted.ws, socket, { pingIntervalMs });
  else socket.destroy();
}

function accept({ req, socket, head }: Upgrade, protocol = plainProtocol): ReturnType<typeof acceptWebSocket> {
  return acceptWebSocket(req, socket, head, [protocol]);
}
