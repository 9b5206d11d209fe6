/**
 * Every subresource, in one table: discovery, routing and `kubectl auth can-i` all read it.
 *
 *   /apis/subresources.kubevirt.io/VERSION/namespaces/NS/PLURAL/NAME/SUBRESOURCE[/REST]
 */
import type { Answer, ExtensionContext, SubresourceRequest } from "./context.ts";
import { cancelEvacuation, cancelEvacuationOfVm } from "./evacuate.ts";
import { expandSpec } from "./expand.ts";
import {
  filesystemList,
  freeze,
  guestOsInfo,
  pause,
  reset,
  screenshot,
  softReboot,
  unfreeze,
  unpause,
  userList,
} from "./guest.ts";
import { dumpMemory, removeMemoryDump } from "./memory-dump.ts";
import { migrate } from "./migrate.ts";
import { instanceGraph, machineGraph } from "./object-graph.ts";
import { restart, start, stop } from "./run.ts";
import {
  copyFile,
  forwardPort,
  forwardPortOfVm,
  openConsole,
  openVnc,
  redirectUsb,
  runProgram,
  type StreamHandler,
} from "./streams.ts";
import {
  addVolumeToInstance,
  addVolumeToMachine,
  removeVolumeFromInstance,
  removeVolumeFromMachine,
} from "./volumes.ts";

export interface Endpoint {
  plural: "virtualmachines" | "virtualmachineinstances";
  /** May hold a slash: `vnc/screenshot`. */
  subresource: string;
  method: "GET" | "PUT";
  /** What authorisation takes it for, besides what the method says (src/http/verb.ts). */
  verb?: "create";
  handle?: (context: ExtensionContext, request: SubresourceRequest) => Promise<Answer>;
  stream?: StreamHandler;
}

const vm = "virtualmachines";
const vmi = "virtualmachineinstances";

export const endpoints: readonly Endpoint[] = [
  { plural: vm, subresource: "start", method: "PUT", handle: start },
  { plural: vm, subresource: "stop", method: "PUT", handle: stop },
  { plural: vm, subresource: "restart", method: "PUT", handle: restart },
  { plural: vm, subresource: "migrate", method: "PUT", handle: migrate },
  { plural: vm, subresource: "memorydump", method: "PUT", handle: dumpMemory },
  { plural: vm, subresource: "removememorydump", method: "PUT", handle: removeMemoryDump },
  { plural: vm, subresource: "addvolume", method: "PUT", handle: addVolumeToMachine },
  { plural: vm, subresource: "removevolume", method: "PUT", handle: removeVolumeFromMachine },
  { plural: vm, subresource: "expand-spec", method: "GET", handle: expandSpec },
  { plural: vm, subresource: "evacuate/cancel", method: "PUT", handle: cancelEvacuationOfVm },
  { plural: vm, subresource: "objectgraph", method: "GET", handle: machineGraph },
  { plural: vm, subresource: "portforward", method: "GET", stream: forwardPortOfVm },
  { plural: vmi, subresource: "console", method: "GET", stream: openConsole },
  { plural: vmi, subresource: "vnc", method: "GET", stream: openVnc },
  { plural: vmi, subresource: "vnc/screenshot", method: "GET", handle: screenshot },
  { plural: vmi, subresource: "usbredir", method: "GET", stream: redirectUsb },
  { plural: vmi, subresource: "portforward", method: "GET", stream: forwardPort },
  { plural: vmi, subresource: "pause", method: "PUT", handle: pause },
  { plural: vmi, subresource: "unpause", method: "PUT", handle: unpause },
  { plural: vmi, subresource: "reset", method: "PUT", handle: reset },
  { plural: vmi, subresource: "softreboot", method: "PUT", handle: softReboot },
  { plural: vmi, subresource: "freeze", method: "PUT", handle: freeze },
  { plural: vmi, subresource: "unfreeze", method: "PUT", handle: unfreeze },
  { plural: vmi, subresource: "addvolume", method: "PUT", handle: addVolumeToInstance },
  { plural: vmi, subresource: "removevolume", method: "PUT", handle: removeVolumeFromInstance },
  { plural: vmi, subresource: "guestosinfo", method: "GET", handle: guestOsInfo },
  { plural: vmi, subresource: "userlist", method: "GET", handle: userList },
  { plural: vmi, subresource: "filesystemlist", method: "GET", handle: filesystemList },
  { plural: vmi, subresource: "exec", method: "GET", verb: "create", stream: runProgram },
  { plural: vmi, subresource: "file", method: "GET", verb: "create", stream: copyFile },
  { plural: vmi, subresource: "evacuate/cancel", method: "PUT", handle: cancelEvacuation },
  { plural: vmi, subresource: "objectgraph", method: "GET", handle: instanceGraph },
];

/** Upstream's subresources that vmpod does not serve yet. */
export const unavailable: ReadonlyMap<string, string> = new Map([
  ["vsock", "VSOCK"],
  ["sev", "encrypted guests"],
  ["backup", "backups"],
  ["redefine-checkpoint", "backups"],
]);
