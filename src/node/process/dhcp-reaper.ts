/** Ends the DHCP answerers whose QEMU is gone: they are in the pod's network, but nobody else knows of them. */
import { basename } from "node:path";
import { type DhcpProcess, listDhcpProcesses, stopDhcp } from "../../network/dhcp-process.ts";
import type { Reconciler } from "../../runtime/reconciler.ts";
import type { QemuFinder } from "./find-qemu.ts";

export const reaperKey = "dhcp";

interface Answerer {
  dhcp: DhcpProcess;
  hasGuest: boolean;
}

/** `UID.pid`, or `UID.TAP.pid` of a pod's other networks. */
function podUidOf({ pidFile }: DhcpProcess): string {
  return basename(pidFile).split(".")[0] ?? "";
}

export function createDhcpReaper(directory: string, finder: QemuFinder): Reconciler<Answerer[], DhcpProcess> {
  return {
    name: "dhcp-reaper",
    async observe() {
      const running = await listDhcpProcesses(directory);
      return Promise.all(
        running.map(async (dhcp) => ({
          dhcp,
          hasGuest: (await finder.find(podUidOf(dhcp))) !== undefined,
        })),
      );
    },
    plan: (answerers) => answerers.filter(({ hasGuest }) => !hasGuest).map(({ dhcp }) => dhcp),
    execute: stopDhcp,
  };
}
