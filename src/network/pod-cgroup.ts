import { dirname, join } from "node:path";

const mountPoint = "/sys/fs/cgroup";

/**
 * The `cgroup.procs` files of the pod around a container's process, in each hierarchy, so that a helper of the pod is
 * counted and killed with it. Pure: from the text of /proc/PID/cgroup, whose lines are `ID:CONTROLLERS:PATH`.
 *
 * Hierarchies whose path does not name the pod are left out. On cgroup v2 (`0::PATH`) a cgroup with children holds no
 * process, so there is none.
 */
export function podCgroupFiles(cgroup: string, podUid: string): string[] {
  return cgroup.split("\n").flatMap((line) => {
    const [, controllers = "", path = ""] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    const pod = dirname(path);
    const namesPod = podUid !== "" && (pod.includes(podUid) || pod.includes(podUid.replaceAll("-", "_")));
    if (controllers === "" || !namesPod) return [];
    return [join(mountPoint, controllers.replace(/^name=/, ""), pod, "cgroup.procs")];
  });
}
