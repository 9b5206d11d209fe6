/** An instance for a measurement, up while it runs. */
import { rmSync } from "node:fs";
import { virtualMachineInstances } from "../../api/kubevirt/resources.ts";
import type { VirtualMachineInstance } from "../../api/kubevirt/types.ts";
import { createClient } from "../../src/client/create-client.ts";
import { loadKubeconfig } from "../../src/client/kubeconfig.ts";
import { waitFor } from "../../src/client/wait-for.ts";
import { succeed, type TestInstance, testInstance } from "../../test/embedded/instance.ts";

const bootMs = 600_000;

export async function withInstance(measure: (instance: TestInstance) => Promise<void>): Promise<void> {
  const instance = testInstance("vmbench", 1);
  try {
    succeed(instance.up(), "vmpod up");
    await measure(instance);
  } finally {
    instance.down("--grace-period", "1", "--purge");
    rmSync(instance.dataDir, { recursive: true, force: true });
  }
}

/** How long it takes from now until the machine runs, and until its guest agent has answered; told by a watch. */
export async function timeStart({ kubeconfig }: TestInstance, name: string) {
  const client = createClient(await loadKubeconfig(kubeconfig));
  const startedAt = performance.now();
  const until = async (condition: (vmi: VirtualMachineInstance) => boolean): Promise<number> => {
    const key = { namespace: "default", name };
    const isReached = (vmi: VirtualMachineInstance | undefined) => vmi !== undefined && condition(vmi);
    await waitFor(client, virtualMachineInstances, key, isReached, { timeoutMs: bootMs });
    return performance.now() - startedAt;
  };
  try {
    const [runningMs, answeredMs] = await Promise.all([until(isRunning), until(isAnswering)]);
    return { runningMs, answeredMs };
  } finally {
    client.close();
  }
}

function isRunning({ status }: VirtualMachineInstance): boolean {
  return status?.phase === "Running";
}

function isAnswering({ status }: VirtualMachineInstance): boolean {
  return status?.conditions?.some(({ type, status }) => type === "AgentConnected" && status === "True") === true;
}
