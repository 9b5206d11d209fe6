/**
 * How a guest travels from one QEMU to the other: directly, so that it goes on while agents die.
 *
 *   one node     the target listens on a socket file in its pod's `run` directory; the agent gives the same socket a second
 *                name (a hard link) in the source's. Nothing else can reach it, and disks are files that both pods get.
 *   two nodes    TCP from pod to pod with TLS, each side knowing the other's certificate (./credentials.ts). Disks that live in the
 *                source's pod are copied over a second port (./copies.ts); claims are mounted at both.
 */
import { isIPv6 } from "node:net";
import type { MigrationState } from "../../../api/kubevirt/migration/migration.ts";
import { migrationPorts } from "../../network/pod-network.ts";
import { launcherPaths, socketNames } from "../../qemu/domain/paths.ts";

export type Transport = "unix" | "tls";

export function transportOf({ sourceNode, targetNode }: MigrationState): Transport {
  return sourceNode === targetNode ? "unix" : "tls";
}

export const listenUri = `unix:${launcherPaths.run}/${socketNames.migration}`;
export const sendUri = `unix:${launcherPaths.run}/${socketNames.migrationTarget}`;

/** Of the target's pod: listened at and sent to. */
export function tlsUri(address: string): string {
  return `tcp:${isIPv6(address) ? `[${address}]` : address}:${migrationPorts.guest}`;
}
