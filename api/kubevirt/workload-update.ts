/** What a KubeVirt resource says of machines that run an older launcher than a new one would be: `spec.workloadUpdateStrategy`. Pure. */
import { parseDurationMs } from "../../src/base/duration.ts";
import { labels } from "./names.ts";
import type { KubeVirt } from "./resources.ts";
import type { VirtualMachineInstance } from "./types.ts";

export type UpdateMethod = "LiveMigrate" | "Evict";

export interface UpdateStrategy {
  /** None: they stay as they are until they are restarted. */
  methods: readonly UpdateMethod[];
  /** How many are evicted at once, and how long it is to the next. */
  batchEvictionSize: number;
  batchEvictionIntervalMs: number;
}

export const defaultUpdateStrategy: UpdateStrategy = {
  methods: [],
  batchEvictionSize: 10,
  batchEvictionIntervalMs: 60_000,
};

const known: readonly UpdateMethod[] = ["LiveMigrate", "Evict"];
const path = "spec.workloadUpdateStrategy";

/** What cannot be honoured counts as absent, and is named. */
export function readUpdateStrategy(kubevirt: KubeVirt | undefined): { strategy: UpdateStrategy; problems: string[] } {
  const {
    workloadUpdateMethods = [],
    batchEvictionSize,
    batchEvictionInterval,
  } = kubevirt?.spec.workloadUpdateStrategy ?? {};
  const intervalMs = parseDurationMs(batchEvictionInterval ?? "");
  const strange = workloadUpdateMethods.filter((method) => !known.includes(method as UpdateMethod));
  const sizeIsWrong = batchEvictionSize !== undefined && batchEvictionSize < 1;
  const intervalIsWrong = batchEvictionInterval !== undefined && intervalMs === undefined;
  const isWrong = (field: string, value: unknown, fix: string) =>
    `${path}.${field} ${JSON.stringify(value)} is not honoured: ${fix}`;
  return {
    strategy: {
      methods: known.filter((method) => workloadUpdateMethods.includes(method)),
      batchEvictionSize: sizeIsWrong
        ? defaultUpdateStrategy.batchEvictionSize
        : (batchEvictionSize ?? defaultUpdateStrategy.batchEvictionSize),
      batchEvictionIntervalMs: intervalMs ?? defaultUpdateStrategy.batchEvictionIntervalMs,
    },
    problems: [
      ...strange.map((method) => isWrong("workloadUpdateMethods", method, `use ${known.join(" or ")}`)),
      ...(sizeIsWrong ? [isWrong("batchEvictionSize", batchEvictionSize, "use 1 or more")] : []),
      ...(intervalIsWrong ? [isWrong("batchEvictionInterval", batchEvictionInterval, "use a duration, e.g. 1m")] : []),
    ],
  };
}

/** As its label says, which is there for selectors. */
export function isMarkedOutdated({ metadata }: VirtualMachineInstance): boolean {
  return metadata?.labels?.[labels.outdatedLauncherImage] !== undefined;
}
