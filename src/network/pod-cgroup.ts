import { basename, dirname, join } from "node:path";

/** The host's cgroup file system, also in a container of ours. */
const root = "/sys/fs/cgroup";
/** A cgroup of our own in the pod's, where the pod's cannot hold processes itself. */
const ownCgroup = "vmpod-dhcp";

/**
 * The cgroups, as directories, that a helper of a pod belongs in, so that it is counted with the pod and ended with it, and not with
 * whoever started it. Pure: from the text of /proc/PID/cgroup of the pod's container, whose lines are `ID:CONTROLLERS:PATH`.
 *
 *   v1, cgroupfs driver   /kubepods/burstable/podUID/CONTAINER                              -> the pod's, in each hierarchy
 *   v1, systemd driver    /kubepods.slice/kubepods-podUID_WITH_UNDERSCORES.slice/CONTAINER -> the same
 *   v2                    0::/kubepods.slice/.../CONTAINER.scope                            -> a new one in the pod's
 *
 * On v2 a cgroup with children holds no process. Where v1 hierarchies name the pod, v2's (hybrid mode) is of no importance.
 * A path that leads upwards is relative to a cgroup namespace of our own, and says nothing of where the pod is.
 */
export function podCgroups(cgroup: string, podUid: string): string[] {
  const all = cgroup.split("\n").flatMap((line) => {
    const [, controllers = "", path = ""] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    const pod = dirname(path);
    const isReachable = !path.startsWith("/..");
    return isReachable && namesPod(basename(pod), podUid) ? [{ controllers, pod }] : [];
  });
  const v1 = all.filter(({ controllers }) => controllers !== "");
  if (v1.length === 0) return all.map(({ pod }) => join(root, pod, ownCgroup));
  return v1.map(({ controllers, pod }) => join(root, controllers.replace(/^name=/, ""), pod));
}

function namesPod(name: string, podUid: string): boolean {
  return podUid !== "" && (name.includes(podUid) || name.includes(podUid.replaceAll("-", "_")));
}
