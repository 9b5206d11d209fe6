/** start, stop and restart: what the user wants is written into the VirtualMachine; its controller does it. */
import { type Change, mayRestart, mayStart, mayStop } from "../../../api/kubevirt/admissibility.ts";
import { virtualMachineInstances, virtualMachines } from "../../../api/kubevirt/resources.ts";
import type { VirtualMachine, VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import type { Client } from "../../client/client.ts";
import { decideAndWrite } from "./change.ts";
import type { Answer, ExtensionContext, SubresourceRequest } from "./context.ts";
import { findVmi, getVm, unlessDenied } from "./objects.ts";
import { integerOption, isDryRun, isSet } from "./options.ts";

/** Upstream gives a forced restart one second, which is enough to write a log line. */
const forcedGraceSeconds = 1;

export function start({ client }: ExtensionContext, request: SubresourceRequest): Promise<Answer> {
  return change(client, request, ({ vm, vmi }) =>
    unlessDenied(mayStart({ vm, vmi }, { paused: isSet(request.body, "paused") }), "virtualmachine", request.name),
  );
}

export async function stop({ client }: ExtensionContext, request: SubresourceRequest): Promise<Answer> {
  const gracePeriodSeconds = integerOption(request.body, "gracePeriod");
  return change(client, request, (machine) =>
    unlessDenied(mayStop(machine, { gracePeriodSeconds }), "virtualmachine", request.name),
  );
}

export function restart({ client }: ExtensionContext, request: SubresourceRequest): Promise<Answer> {
  const gracePeriodSeconds = integerOption(request.body, "gracePeriodSeconds");
  return change(client, request, (machine) => {
    const verdict = unlessDenied(mayRestart(machine, { gracePeriodSeconds }), "virtualmachine", request.name);
    return { change: verdict.change, ...(verdict.force && { gracePeriodSeconds: forcedGraceSeconds }) };
  });
}

interface Machine {
  vm: VirtualMachine;
  vmi: VirtualMachineInstance | undefined;
}

interface Decision {
  change?: Change;
  gracePeriodSeconds?: number;
}

async function change(
  client: Client,
  request: SubresourceRequest,
  decide: (machine: Machine) => Decision,
): Promise<Answer> {
  return decideAndWrite(
    async () => {
      const [vm, vmi] = await Promise.all([getVm(client, request), findVmi(client, request)]);
      return { vm, vmi, decision: decide({ vm, vmi }) };
    },
    async ({ vm, vmi, decision }) => {
      if (isDryRun(request)) return;
      if (vmi && decision.gracePeriodSeconds !== undefined)
        await shortenGrace(client, vmi, decision.gracePeriodSeconds);
      if (decision.change) await write(client, vm, decision.change);
    },
  );
}

async function write(client: Client, vm: VirtualMachine, wanted: Change): Promise<void> {
  if ("requests" in wanted) {
    const status = { ...vm.status, stateChangeRequests: wanted.requests };
    await client.updateStatus(virtualMachines, { ...vm, status });
    return;
  }
  const { running, runStrategy: _, ...spec } = vm.spec;
  const said =
    running === undefined ? { runStrategy: wanted.runStrategy } : { running: wanted.runStrategy === "Always" };
  await client.update(virtualMachines, { ...vm, spec: { ...spec, ...said } });
}

async function shortenGrace(client: Client, vmi: VirtualMachineInstance, seconds: number): Promise<void> {
  const { namespace, name = "", uid } = vmi.metadata ?? {};
  const body = { metadata: { uid }, spec: { terminationGracePeriodSeconds: seconds } };
  await client.patch(virtualMachineInstances, { namespace, name }, { type: "merge", body });
}
