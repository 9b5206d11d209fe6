/** The processes that vmpod itself consists of, in the pods of a test cluster: to be killed. */
import { type ApiTools, eventually } from "../embedded/instance.ts";
import { podProcesses } from "../embedded/processes.ts";

export interface VmpodParts {
  /** Pid of the node agent. */
  agentOn(node: string): Promise<number>;
  /** Pid of the controller that leads. */
  leader(): Promise<number>;
}

interface PartPod {
  metadata: { name: string; uid: string; deletionTimestamp?: string };
  spec: { nodeName?: string };
  status: { containerStatuses?: { restartCount: number; ready: boolean }[] };
}

type Part = "agent" | "controller";

const workloads = { agent: "daemonset/vmpod-agent", controller: "deployment/vmpod-controller" } as const;
const readyMs = 120_000;

/**
 * The kubelet starts a container that ended twice later and later. So one that has ended before gets a new pod first.
 * @param cgroups begins those of the cluster's pods
 */
export function vmpodParts(tools: ApiTools, cgroups: string): VmpodParts {
  const pods = (part: Part): PartPod[] => {
    const list = tools.kubectl("get", "pods", "-n", "vmpod", "-o", "json");
    const { items } = JSON.parse(list) as { items: PartPod[] };
    return items.filter(({ metadata }) => metadata.name.startsWith(`vmpod-${part}-`) && !metadata.deletionTimestamp);
  };

  async function fresh(part: Part, isIt: (pod: PartPod) => boolean): Promise<number> {
    const find = () => pods(part).find((pod) => isIt(pod) && pod.status.containerStatuses?.[0]?.ready);
    const found = await eventually(`a ${part} is ready`, readyMs, find);
    if (found.status.containerStatuses?.[0]?.restartCount !== 0) {
      tools.kubectl("delete", "pod", "-n", "vmpod", found.metadata.name);
      tools.kubectl("rollout", "status", "-n", "vmpod", workloads[part], "--timeout=120s");
      return fresh(part, isIt);
    }
    return eventually(`${found.metadata.name} runs`, readyMs, () => pidOf(part, found.metadata.uid));
  }

  function pidOf(part: Part, podUid: string): number | undefined {
    return podProcesses(cgroups).find((each) => each.podUid === podUid && each.argv.includes(`cluster-${part}`))?.pid;
  }

  const holder = () =>
    tools.kubectl("get", "lease", "-n", "vmpod", "vmpod-controller", "-o", "jsonpath={.spec.holderIdentity}");
  return {
    agentOn: (node) => fresh("agent", ({ spec }) => spec.nodeName === node),
    leader: () => fresh("controller", ({ metadata }) => metadata.name === holder()),
  };
}
