/**
 * Gives memory back after work. V8 collects garbage while it allocates, so a process that has fallen idle keeps what its busiest moment
 * left behind, several times what it needs, for as long as it is idle. Once it is quiet, it collects.
 *
 *   busy interval --> owes a collection --quiet interval--> collects, once --> owes nothing until it was busy again
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

const intervalMs = 10_000;
/** Shares of a CPU. The collection itself takes about a hundredth of an interval: it must not count as work. */
const busyShare = 0.1;
const quietShare = 0.05;

export function collectWhenQuiet(signal: AbortSignal): void {
  const collect = garbageCollector();
  const isDue = createCollectionPlan();
  let used = process.cpuUsage();
  const timer = setInterval(() => {
    const { user, system } = process.cpuUsage(used);
    used = process.cpuUsage();
    if (isDue((user + system) / 1000 / intervalMs)) collect();
  }, intervalMs);
  timer.unref();
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
}

/** Told of each interval how busy it was: whether to collect after it. */
export function createCollectionPlan(): (share: number) => boolean {
  let isOwed = false;
  return (share) => {
    isOwed ||= share >= busyShare;
    if (!isOwed || share >= quietShare) return false;
    isOwed = false;
    return true;
  };
}

/**
 * Node hands it out only by a flag, which every way to start the program would have to repeat. Of its flavours only the last resort
 * gives back the pages as well: after a regular collection nearly all of them are still taken.
 */
function garbageCollector(): () => void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as (options: object) => void;
  return () => collect({ type: "major", execution: "sync", flavor: "last-resort" });
}
