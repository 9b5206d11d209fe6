/**
 * Which real tests run beside each other. They mostly wait (for a back-off, a lease, a guest), so three at a time fit two processors.
 *
 * Files of one chain run one after the other. Chains share no instance number, and so no port, address range, bridge or directory
 * (test/embedded/instance.ts): any of them runs beside any other.
 */
import { globSync } from "node:fs";

/** Need neither root nor a guest: part of `npm run check`. */
export const checkedDirectories = [
  "test/admission/",
  "test/architecture/",
  "test/features/",
  "test/fields/",
  "test/parity/",
];

/** They need both processors to themselves: many guests at once, and what must answer again within seconds. */
const alone = ["test/embedded/crash.test.ts", "test/embedded/density.test.ts"];

/**
 * A machine's life on a real Kubernetes, beside the same machine's on an embedded instance. The suites (`npm run test:cluster`) take
 * more than an hour.
 */
const ofCluster = "test/cluster/short/parity.test.ts";

/** The longest first, so that none is left over at the end. Each has an instance of its own. */
const longest = [
  "test/node-agent/lifecycle.test.ts",
  ofCluster,
  "test/vm-api/lifecycle.test.ts",
  "test/embedded/run-strategies.test.ts",
  "test/embedded/what-guests-see.test.ts",
];

/** Each file of these has an instance of its own, too. */
const independent = ["test/embedded/", "test/migration/", "test/workloads/"];

/** Has a node of its own, for all its files. */
const kubelet = ["test/kubelet/"];

export interface Stage {
  name: string;
  chains: string[][];
  /** Chains at once. */
  width: number;
  /** How many times as long as it says a test waits for something to come about, as others keep the processors busy. */
  patience: number;
}

/** One after the other. */
export function planStages({ withCluster }: { withCluster: boolean }): Stage[] {
  const files = globSync("test/*/*.test.ts")
    .filter((file) => !isIn(checkedDirectories)(file) && !alone.includes(file) && !longest.includes(file))
    .sort();
  const rest = files.filter((file) => !isIn([...independent, ...kubelet])(file));
  const chains = [
    ...longest.filter((file) => withCluster || file !== ofCluster).map((file) => [file]),
    rest,
    files.filter(isIn(kubelet)),
    ...files.filter(isIn(independent)).map((file) => [file]),
  ];
  return [
    { name: "side by side", chains, width: 3, patience: 3 },
    { name: "alone", chains: [alone], width: 1, patience: 1 },
  ];
}

function isIn(directories: readonly string[]): (file: string) => boolean {
  return (file) => directories.some((directory) => file.startsWith(directory));
}
