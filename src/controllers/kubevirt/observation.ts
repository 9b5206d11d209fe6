/** What the controller looks at to decide about a KubeVirt resource. Plain data, never changed. */
import type { KubeVirt } from "../../../api/kubevirt/resources.ts";

/** One of vmpod's own workloads. */
export interface Component {
  /** E.g. `Deployment vmpod-controller`. */
  name: string;
  /** What it still lacks, for people; absent when all of it runs. */
  lack?: string;
}

export interface Observation {
  kubevirt: KubeVirt;
  /** `namespace/name` of the resource that counts, when it is another one. */
  overruledBy: string | undefined;
  components: readonly Component[];
  version: string;
  now: string;
}
