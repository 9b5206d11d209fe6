/** The guest a request is about, as far as it can be used. */
import type { Pod } from "../../../api/core.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { StatusError } from "../../base/errors.ts";
import type { QmpClient } from "../../qemu/qmp/client.ts";
import type { QueryStatus } from "../../qemu/qmp/commands.ts";
import { launcherOf, type ObserveContext } from "../domain/observe.ts";
import type { QemuProcess } from "../process/find-qemu.ts";

export interface Target {
  key: string;
  vmi: VirtualMachineInstance;
  pod: Pod;
  qemu: QemuProcess;
  monitor(): Promise<QmpClient>;
}

export type TargetContext = Pick<ObserveContext, "vmis" | "launchers" | "finder" | "monitors">;

/** @throws StatusError NotFound, Conflict */
export async function findTarget(context: TargetContext, namespace: string, name: string): Promise<Target> {
  const key = `${namespace}/${name}`;
  const vmi = context.vmis.get(namespace, name);
  if (vmi === undefined) {
    const details = { name, group: "kubevirt.io", kind: "virtualmachineinstances" };
    throw new StatusError("NotFound", `virtualmachineinstances.kubevirt.io "${name}" not found`, details);
  }
  const pod = launcherOf(context.launchers, vmi);
  const qemu = pod && (await context.finder.find(pod.metadata?.uid ?? ""));
  if (pod === undefined || qemu === undefined || vmi.status?.phase !== "Running") throw notRunning(key);
  return { key, vmi, pod, qemu, monitor: () => context.monitors.of(key, qemu) };
}

export function notRunning(key: string): StatusError {
  return new StatusError("Conflict", `virtual machine instance ${key} is not running`);
}

export async function statusOf(target: Target): Promise<QueryStatus> {
  return (await target.monitor()).execute("query-status");
}
