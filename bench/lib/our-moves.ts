/**
 * Migrations through the API, and what is measured of them. Nothing here blocks: who waits for an answer of kubectl would hear the events of
 * QEMU too late to ask it, before it quits, how long it counted.
 */
import { setTimeout as delay } from "node:timers/promises";
import { annotations } from "../../api/kubevirt/names.ts";
import {
  type VirtualMachineInstanceMigration,
  virtualMachineInstanceMigrations,
  virtualMachineInstances,
} from "../../api/kubevirt/resources.ts";
import type { VirtualMachineInstance } from "../../api/kubevirt/types.ts";
import type { Client } from "../../src/client/client.ts";
import { waitFor } from "../../src/client/wait-for.ts";
import { name as vmiName } from "../../test/migration/nomad.ts";
import type { NomadCluster } from "../../test/migration/nomad-cluster.ts";
import { watchRunStates } from "../../test/migration/run-states.ts";
import type { Move } from "./moves.ts";
import { startPinger } from "./pinger.ts";

export type Measured = Omit<Move, "losses" | "rebooted">;

const namespace = "default";
const vmiKey = { namespace, name: vmiName };
const longestMs = 180_000;
/** Of answers before and after. */
const settleMs = 500;

/** @param podAddress where the guest answers now @returns where it does afterwards, too */
export async function moveOurs(
  { nomad, name: cgroups }: NomadCluster,
  client: Client,
  podAddress: string,
): Promise<Measured & { podAddress: string }> {
  const pinger = startPinger(podAddress);
  const states = watchRunStates(cgroups, vmiName);
  let downtime: Promise<number | undefined> | undefined;
  states.onEvent(({ event, data }, qmp) => {
    // Of both ends, of which only the source counts.
    if (event !== "MIGRATION" || data["status"] !== "completed") return;
    const asked = qmp.execute("query-migrate").catch(() => undefined);
    downtime = Promise.all([downtime, asked]).then(([known, answer]) => known ?? answer?.downtime);
  });
  await delay(settleMs);
  const startedAt = performance.now();
  const { name, uid } = await requestMove(client);
  const there = await untilOffered(client, uid);
  pinger.also(there);
  await untilEnded(client, name);
  const totalMs = performance.now() - startedAt;
  await delay(settleMs);
  const { longestGapMs } = await pinger.stop();
  states.stop();
  const standstillMs = await standstillOf(client, name);
  const downtimeMs = await downtime;
  while (nomad.qemus().length > 1) await delay(settleMs);
  return { totalMs, gapMs: longestGapMs, standstillMs, downtimeMs, podAddress: there };
}

async function requestMove(client: Client): Promise<{ name: string; uid: string }> {
  const migration: VirtualMachineInstanceMigration = {
    apiVersion: "kubevirt.io/v1",
    kind: "VirtualMachineInstanceMigration",
    metadata: { generateName: "bench-", namespace },
    spec: { vmiName },
  };
  const { metadata } = await client.create(virtualMachineInstanceMigrations, migration);
  return { name: metadata?.name ?? "", uid: metadata?.uid ?? "" };
}

/** @returns the address of the target's pod */
async function untilOffered(client: Client, uid: string): Promise<string> {
  const isOffered = (vmi: VirtualMachineInstance | undefined): boolean => {
    const state = vmi?.status?.migrationState;
    return state?.migrationUid === uid && (state.targetNodeAddress !== undefined || state.completed === true);
  };
  const vmi = await waitFor(client, virtualMachineInstances, vmiKey, isOffered, { timeoutMs: longestMs });
  return vmi?.status?.migrationState?.targetNodeAddress ?? "";
}

async function untilEnded(client: Client, name: string): Promise<void> {
  const hasEnded = (migration: VirtualMachineInstanceMigration | undefined): boolean =>
    ["Succeeded", "Failed"].includes(migration?.status?.phase ?? "");
  const key = { namespace, name };
  const ended = await waitFor(client, virtualMachineInstanceMigrations, key, hasEnded, { timeoutMs: longestMs });
  if (ended?.status?.phase === "Succeeded") return;
  throw new Error(`${name} failed: ${ended?.status?.migrationState?.failureReason}`);
}

async function standstillOf(client: Client, name: string): Promise<number> {
  const noteOf = (migration: VirtualMachineInstanceMigration | undefined): string | undefined =>
    migration?.metadata?.annotations?.[annotations.migrationDowntimeMs];
  const key = { namespace, name };
  const isNoted = (migration: VirtualMachineInstanceMigration | undefined) => noteOf(migration) !== undefined;
  const noted = await waitFor(client, virtualMachineInstanceMigrations, key, isNoted, { timeoutMs: longestMs });
  return Number(noteOf(noted));
}
