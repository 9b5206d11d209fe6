/** Sees and sets where the threads of a QEMU run. Nothing is remembered: the kernel knows. */
import type { VirtualMachineInstanceSpec } from "../../../api/kubevirt/types.ts";
import { parseCpuSet } from "../../base/cpu-set.ts";
import { exec } from "../../base/exec.ts";
import { listIfThere, readTextIfThere } from "../../base/files.ts";
import { allowedCpus, readCores } from "../../base/host-cpus.ts";
import type { QmpClient } from "../../qemu/qmp/client.ts";
import { parseInnerId } from "../metrics/processor-time.ts";
import { hostPathOf } from "../process/container-files.ts";
import { type Pin, type Pinning, planPins, type Thread } from "./pins.ts";

/** Undefined for a machine without processors of its own. */
export async function observePinning(
  spec: VirtualMachineInstanceSpec,
  pid: number,
  monitor: () => Promise<QmpClient>,
): Promise<Pinning | undefined> {
  if (!spec.domain.cpu?.dedicatedCpuPlacement) return undefined;
  const qmp = await monitor();
  const [vcpus, all, cpus] = await Promise.all([qmp.execute("query-cpus-fast"), threadsOf(pid), containerCpus(pid)]);
  const inOrder = vcpus.toSorted((one, other) => one["cpu-index"] - other["cpu-index"]);
  return planPins(spec, { all, vcpus: inOrder.map((cpu) => cpu["thread-id"]), cpus, cores: await readCores(cpus) });
}

async function threadsOf(pid: number): Promise<Thread[]> {
  const ids = await listIfThere(`/proc/${pid}/task`);
  const threads = ids.map(async (id): Promise<Thread[]> => {
    const status = await readTextIfThere(`/proc/${pid}/task/${id}/status`);
    const innerId = parseInnerId(status ?? "");
    return status === undefined || innerId === undefined
      ? []
      : [{ id: Number(id), innerId, cpus: allowedCpus(status) }];
  });
  return (await Promise.all(threads)).flat();
}

/** Where a container sees its own cgroup, of version 2 and of version 1. */
const cpusetFiles = ["cpuset.cpus.effective", "cpuset/cpuset.effective_cpus", "cpuset/cpuset.cpus"];

async function containerCpus(pid: number): Promise<number[]> {
  for (const file of cpusetFiles) {
    const text = await readTextIfThere(hostPathOf(pid, `/sys/fs/cgroup/${file}`));
    const cpus = parseCpuSet(text ?? "");
    if (cpus !== undefined && cpus.length > 0) return cpus;
  }
  throw new Error("the container does not tell which processors it has: is there a cpuset controller?");
}

export async function pinThreads(pins: readonly Pin[], signal: AbortSignal): Promise<void> {
  for (const { thread, cpus } of pins) {
    try {
      await exec(["taskset", "-p", "-c", cpus, String(thread)], { signal });
    } catch (error) {
      // It may have ended meanwhile: QEMU's helpers come and go.
      if ((await readTextIfThere(`/proc/${thread}/status`)) !== undefined) throw error;
    }
  }
}
