/**
 * Which real tests run beside each other. They mostly wait (for a back-off, a lease, a guest), so three at a time fit two processors.
 *
 * Files of one lane run one after the other. Lanes that run together share no instance number, and so no port, address range, bridge
 * or directory (test/embedded/instance.ts).
 */
import { globSync } from "node:fs";

/** Need neither root nor a guest: part of `npm run check`. */
export const checkedDirectories = ["test/admission/", "test/architecture/", "test/features/", "test/fields/"];

/** Instances 1 to 3 and 9; instances 4 and 8 are of the lane of all the others. */
const guestDirectories = ["test/embedded/", "test/migration/"];
/** Instances 0 and 5 to 7. */
const nodeDirectories = ["test/kubelet/", "test/node-agent/", "test/workloads/"];
/** They need both processors to themselves: many guests at once, and what must answer again within seconds. */
const alone = ["test/embedded/crash.test.ts", "test/embedded/density.test.ts"];

/**
 * A machine's life on a real Kubernetes, beside the same machine's on an embedded instance. The suites (`npm run test:cluster`) take
 * more than an hour.
 */
const ofCluster = ["test/cluster/short/parity.test.ts"];

interface Stage {
  name: string;
  lanes: string[][];
}

/** One after the other. */
export function planStages({ withCluster }: { withCluster: boolean }): Stage[] {
  const isIn = (directories: readonly string[]) => (file: string) =>
    directories.some((directory) => file.startsWith(directory));
  const files = globSync("test/*/*.test.ts")
    .filter((file) => !isIn(checkedDirectories)(file) && !alone.includes(file))
    .sort();
  const others = files.filter((file) => !isIn([...guestDirectories, ...nodeDirectories])(file));
  return [
    {
      name: "side by side",
      lanes: [files.filter(isIn(guestDirectories)), files.filter(isIn(nodeDirectories)), others],
    },
    { name: "alone", lanes: [alone] },
    ...(withCluster ? [{ name: "on a real Kubernetes", lanes: [ofCluster] }] : []),
  ];
}
