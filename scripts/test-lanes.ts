/**
 * Which real tests run beside each other. They mostly wait (for a back-off, a lease, a guest), so two at a time fit two processors.
 *
 * Files of one lane run one after the other. Lanes that run together share no instance number, and so no port, address range, bridge
 * or directory (test/embedded/instance.ts).
 */
import { globSync } from "node:fs";

/** Need neither root nor a guest: part of `npm run check`. */
export const checkedDirectories = ["test/admission/", "test/architecture/", "test/features/", "test/fields/"];

/** Instances 1 to 4, 8 and 9. Everything else, with 0 and 5 to 7, is the other lane. */
const guestDirectories = ["test/embedded/", "test/migration/", "test/vm-api/", "test/cli/"];
/** They need both processors to themselves: many guests at once, and what must answer again within seconds. */
const alone = ["test/embedded/crash.test.ts", "test/embedded/density.test.ts"];

/**
 * What an administrator does on a real Kubernetes, with a machine in between: the shortest way through all that the cluster mode has.
 * The other suites (`npm run test:cluster`) take an hour.
 */
const ofCluster = ["test/cluster/suite/install.test.ts"];

/** Stages, one after the other, of lanes. */
export function planLanes({ withCluster }: { withCluster: boolean }): string[][][] {
  const isChecked = (file: string) => checkedDirectories.some((directory) => file.startsWith(directory));
  const files = globSync("test/*/*.test.ts")
    .filter((file) => !isChecked(file))
    .sort();
  const shared = files.filter((file) => !alone.includes(file));
  const hasGuests = (file: string) => guestDirectories.some((directory) => file.startsWith(directory));
  return [
    [shared.filter(hasGuests), shared.filter((file) => !hasGuests(file))],
    [alone],
    ...(withCluster ? [[ofCluster]] : []),
  ];
}
