/**
 * Which real tests run beside each other. They mostly wait (for a back-off, a lease, a guest), so two at a time fit two processors.
 *
 * Files of one lane run one after the other. Lanes that run together share no instance number, and so no port, address range, bridge
 * or directory (test/embedded/instance.ts).
 */
import { globSync } from "node:fs";

/** Instances 1 to 4, 8 and 9. Everything else, with 0 and 5 to 7, is the other lane. */
const guestDirectories = ["test/embedded/", "test/migration/", "test/vm-api/", "test/cli/"];
/** They need both processors to themselves: many guests at once, and what must answer again within seconds. */
const alone = ["test/embedded/crash.test.ts", "test/embedded/density.test.ts"];

/** Stages, one after the other, of lanes. */
export function planLanes({ withCluster }: { withCluster: boolean }): string[][][] {
  const files = globSync("test/*/*.test.ts").sort();
  const shared = files.filter((file) => !alone.includes(file));
  const hasGuests = (file: string) => guestDirectories.some((directory) => file.startsWith(directory));
  return [
    [shared.filter(hasGuests), shared.filter((file) => !hasGuests(file))],
    [alone],
    ...(withCluster ? [[globSync("test/cluster/suite/*.test.ts").sort()]] : []),
  ];
}
