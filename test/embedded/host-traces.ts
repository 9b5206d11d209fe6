/** What a machine shows of running instances; the same before and after means that nothing was left behind. */
import { readdirSync, readFileSync } from "node:fs";
import { run } from "./instance.ts";

export interface HostTraces {
  processes: string[];
  links: string[];
  tables: string[];
  cgroups: string[];
  mounts: string[];
  namespaces: string[];
}

/** Only what carries the instance's name or directory, so that other work on the machine does not matter. */
export function hostTraces(name: string, dataDir: string): HostTraces {
  const lines = (argv: string[]) => run(argv).stdout.split("\n");
  return {
    processes: readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && commandLine(pid).includes(dataDir)),
    links: lines(["ip", "-o", "link"]).filter((line) => line.includes(`${name}0`)),
    tables: lines(["nft", "list", "tables"]).filter((line) => line.includes(` ${name}`)),
    cgroups: readdirSync("/sys/fs/cgroup").flatMap((hierarchy) =>
      directory(`/sys/fs/cgroup/${hierarchy}`).filter((entry) => entry === name),
    ),
    mounts: readFileSync("/proc/mounts", "utf8")
      .split("\n")
      .filter((line) => line.includes(dataDir)),
    namespaces: directory("/run/netns").filter((entry) => entry.includes(name)),
  };
}

export const noTraces: HostTraces = { processes: [], links: [], tables: [], cgroups: [], mounts: [], namespaces: [] };

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return ""; // it ended while we looked
  }
}

function directory(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return []; // not a directory, or not there: no traces
  }
}
