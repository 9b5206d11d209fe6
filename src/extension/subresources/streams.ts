/** console, vnc, usbredir, portforward, exec and file: after the checks, the client's connection is spliced to the node agent's. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import {
  mayAskAgent,
  mayForwardPort,
  mayOpenConsole,
  mayOpenVnc,
  mayRedirectUsb,
  type Verdict,
} from "../../../api/kubevirt/admissibility.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { StatusError } from "../../base/errors.ts";
import { tunnelUpgrade } from "../../streams/tunnel-upgrade.ts";
import { agentUpstream } from "./agent.ts";
import type { ExtensionContext, SubresourceRequest } from "./context.ts";
import { findVmi, getVm, getVmi, unlessDenied } from "./objects.ts";

export interface StreamRequest extends Omit<SubresourceRequest, "body"> {
  upgrade: IncomingMessage;
  socket: Duplex;
  head: Buffer;
}

export type StreamHandler = (context: ExtensionContext, request: StreamRequest) => Promise<void>;

export const openConsole: StreamHandler = async (context, request) => {
  const vmi = await getVmi(context.client, request);
  await splice(context, request, vmi, mayOpenConsole(vmi), "console");
};

export const openVnc: StreamHandler = async (context, request) => {
  const vmi = await getVmi(context.client, request);
  await splice(context, request, vmi, mayOpenVnc(vmi), "vnc");
};

export const redirectUsb: StreamHandler = async (context, request) => {
  const vmi = await getVmi(context.client, request);
  await splice(context, request, vmi, mayRedirectUsb(vmi), "usbredir");
};

export const forwardPort: StreamHandler = async (context, request) => {
  const vmi = await getVmi(context.client, request);
  await splice(context, request, vmi, mayForwardPort(vmi), portPath(request.rest));
};

/** Not KubeVirt's: a program in the guest, or a file of it, by its agent (docs/decisions/0025-exec-and-cp.md). */
export const runProgram: StreamHandler = async (context, request) => {
  const vmi = await getVmi(context.client, request);
  await splice(context, request, vmi, mayAskAgent(vmi), "exec");
};

export const copyFile: StreamHandler = async (context, request) => {
  const vmi = await getVmi(context.client, request);
  await splice(context, request, vmi, mayAskAgent(vmi), "file");
};

/** The VirtualMachine form: its instance must be there. */
export const forwardPortOfVm: StreamHandler = async (context, request) => {
  await getVm(context.client, request);
  const vmi = await findVmi(context.client, request);
  if (vmi === undefined) {
    const message = `Operation cannot be fulfilled on virtualmachine.kubevirt.io "${request.name}": VMI is not started`;
    throw new StatusError("Conflict", message, { name: request.name, group: "kubevirt.io", kind: "virtualmachine" });
  }
  await splice(context, request, vmi, mayForwardPort(vmi), portPath(request.rest));
};

async function splice(
  context: ExtensionContext,
  request: StreamRequest,
  vmi: VirtualMachineInstance,
  verdict: Verdict,
  subpath: string,
): Promise<void> {
  unlessDenied(verdict, "virtualmachineinstance", request.name);
  const upstream = await agentUpstream(context, vmi, `${subpath}${request.query}`);
  await tunnelUpgrade(request.upgrade, request.socket, request.head, upstream);
}

/** `portforward/PORT[/PROTOCOL]`. */
function portPath([port = "", protocol = "tcp"]: readonly string[]): string {
  const number = Number(port);
  if (!Number.isInteger(number) || number < 1 || number > 65535) {
    throw new StatusError("BadRequest", `port ${JSON.stringify(port)} must be a number from 1 to 65535`);
  }
  if (protocol !== "tcp" && protocol !== "udp") {
    throw new StatusError("BadRequest", `protocol ${JSON.stringify(protocol)} is not served: use tcp or udp`);
  }
  return `portforward/${number}/${protocol}`;
}
