/** Requests that the node agent fulfils at the running guest. */
import {
  mayAskAgent,
  mayFreeze,
  mayOpenVnc,
  mayPause,
  mayReset,
  maySoftReboot,
  mayUnpause,
  type Verdict,
} from "../../../api/kubevirt/admissibility.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { askAgent } from "./agent.ts";
import { accepted, type Answer, type ExtensionContext, type SubresourceRequest } from "./context.ts";
import { getVmi, unlessDenied } from "./objects.ts";
import { isDryRun } from "./options.ts";

type Admissible = (vmi: VirtualMachineInstance) => Verdict;
type Handler = (context: ExtensionContext, request: SubresourceRequest) => Promise<Answer>;

export const pause = change("pause", mayPause);
export const unpause = change("unpause", mayUnpause);
export const reset = change("reset", mayReset);
export const softReboot = change("softreboot", maySoftReboot);
export const freeze = change("freeze", mayFreeze);
export const unfreeze = change("unfreeze", mayFreeze);
export const guestOsInfo = question("guestosinfo", mayAskAgent);
export const userList = question("userlist", mayAskAgent);
export const filesystemList = question("filesystemlist", mayAskAgent);
export const screenshot = question("vnc/screenshot", mayOpenVnc);

function change(subpath: string, admissible: Admissible): Handler {
  return async (context, request) => {
    const vmi = await admitted(context, request, admissible);
    if (isDryRun(request)) return accepted;
    const answer = await askAgent(context, vmi, "PUT", subpath, request.body ?? {});
    return answer.code < 300 ? accepted : answer;
  };
}

function question(subpath: string, admissible: Admissible): Handler {
  return async (context, request) => {
    const vmi = await admitted(context, request, admissible);
    return askAgent(context, vmi, "GET", `${subpath}${request.query}`);
  };
}

async function admitted(
  { client }: ExtensionContext,
  request: SubresourceRequest,
  admissible: Admissible,
): Promise<VirtualMachineInstance> {
  const vmi = await getVmi(client, request);
  unlessDenied(admissible(vmi), "virtualmachineinstance", request.name);
  return vmi;
}
