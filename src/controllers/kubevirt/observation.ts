/** What the controller looks at to decide about a KubeVirt resource. Plain data, never changed. */
import type { KubeVirt } from "../../../api/kubevirt/resources.ts";
import type { WorkloadProgress } from "../../runtime/workload-progress.ts";

export interface Observation {
  kubevirt: KubeVirt;
  /** `namespace/name` of the resource that counts, when it is another one. */
  overruledBy: string | undefined;
  /** vmpod's own workloads. */
  components: readonly WorkloadProgress[];
  /** Machines that run an older launcher than a new one would. */
  outdatedWorkloads: number;
  version: string;
  now: string;
}
