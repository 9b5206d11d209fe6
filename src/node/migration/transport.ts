/**
 * How a guest travels from one QEMU to the other: directly, so that it goes on while agents die.
 *
 *   one node     the target listens on a socket file in its pod's `run` directory; the agent gives the same socket a second
 *                name (a hard link) in the source's. Nothing else can reach it.
 *   two nodes    TCP from pod to pod would be open to every other pod, so it needs TLS between the QEMUs
 *                (tls-creds-x509). There is none yet: such a migration is refused before anything is sent.
 */
import type { MigrationState } from "../../../api/kubevirt/migration.ts";
import { launcherPaths, socketNames } from "../../qemu/domain/paths.ts";

export type Transport = { type: "unix" } | { type: "unavailable"; reason: string };

export function transportOf({ sourceNode, targetNode }: MigrationState): Transport {
  if (sourceNode === targetNode) return { type: "unix" };
  return {
    type: "unavailable",
    reason: `from node ${sourceNode} to ${targetNode}: TLS between the QEMUs of two nodes is not set up`,
  };
}

export const listenUri = `unix:${launcherPaths.run}/${socketNames.migration}`;
export const sendUri = `unix:${launcherPaths.run}/${socketNames.migrationTarget}`;
