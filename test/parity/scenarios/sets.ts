/** Several instances by one object, and what is counted of instances. They need the resident. */
import { eventually } from "../../embedded/instance.ts";
import { lonelyInstance, smallestMemory } from "../../embedded/machines.ts";
import { stopMs } from "../facts.ts";
import type { Scenario, Target } from "../target.ts";

const told = [
  "kubevirt_vmi_info",
  "kubevirt_vmi_cpu_usage_seconds_total",
  "kubevirt_vmi_memory_resident_bytes",
  "kubevirt_vmi_network_receive_bytes_total",
  "kubevirt_vmi_storage_iops_read_total",
  "kubevirt_vm_running_status_last_transition_timestamp_seconds",
];

export const sets: Scenario[] = [
  {
    name: "metrics: what is told of the resident",
    async play(target) {
      let missing: string[] = [];
      // An agent tells of a guest what it learns of it in time.
      const look = async (): Promise<true | undefined> => {
        const lines = (await target.metrics()).split("\n").filter((line) => line.includes('name="resident"'));
        const names = new Set(lines.map((line) => line.slice(0, line.indexOf("{"))));
        missing = told.filter((name) => !names.has(name));
        return missing.length === 0 || undefined;
      };
      await eventually(`${target.name}: metrics of the resident`, stopMs, look, () => `missing: ${missing.join()}`);
    },
  },
  {
    name: "a VirtualMachineInstanceReplicaSet keeps as many as it is told",
    async play(target) {
      const { metadata, spec } = lonelyInstance({
        name: "many",
        memory: smallestMemory,
        spec: { terminationGracePeriodSeconds: 1 },
      });
      await target.apply({
        apiVersion: "kubevirt.io/v1",
        kind: "VirtualMachineInstanceReplicaSet",
        metadata: { name: "many" },
        spec: {
          replicas: 1,
          selector: { matchLabels: metadata.labels },
          template: { metadata: { labels: metadata.labels }, spec },
        },
      });
      const [first = ""] = await running(target, 1);
      await target.kubectl("delete", first, "--wait=false");
      const seen = await eventually(`${target.name}: another in its place`, stopMs, async () => {
        const now = await running(target, 1);
        return now.includes(first) ? undefined : now.length;
      });
      await target.kubectl("scale", "vmirs/many", "--replicas=0");
      await running(target, 0);
      return [seen, (await target.kubectl("delete", "vmirs/many")).trim()];
    },
  },
];

/** @returns their names, once there are as many that run, and no others that are not on their way out */
function running(target: Target, count: number): Promise<string[]> {
  const columns =
    "jsonpath={range .items[*]}{.metadata.name} {.status.phase} {.metadata.deletionTimestamp}{'\\n'}{end}";
  return eventually(`${target.name}: ${count} of the replica set`, stopMs, async () => {
    const lines = (await target.kubectl("get", "vmi", "-l", "machine=many", "-o", columns)).trim().split("\n");
    const live = lines.map((line) => line.trim().split(" ")).filter(([name, , deleted]) => name !== "" && !deleted);
    const names = live.filter(([, phase]) => phase === "Running").map(([name]) => `vmi/${name}`);
    return names.length === count && live.length === count ? names : undefined;
  });
}
