/** Reads an observation from the informers' copies. */
import type { VirtConfiguration } from "../../../api/kubevirt/configuration.ts";
import { hasMigration, isFinalMigration } from "../../../api/kubevirt/migration/migration.ts";
import type { VirtualMachineInstanceMigration } from "../../../api/kubevirt/resources.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import type { Informer } from "../../client/informer.ts";
import { timestamp } from "../../runtime/conditions.ts";
import { parseObjectKey } from "../../runtime/object-key.ts";
import { claimsOf, hasOtherNodes, type Informers, podsOf } from "../virtualmachineinstance/observe.ts";
import type { Observation } from "./observation.ts";

export type MigrationInformers = Informers & { migrations: Informer<VirtualMachineInstanceMigration> };

export const byVmi = "vmi";

export const migrationIndexes = {
  [byVmi]: (migration: VirtualMachineInstanceMigration): string[] => [vmiKeyOf(migration)],
};

export function vmiKeyOf({ metadata, spec }: VirtualMachineInstanceMigration): string {
  return `${metadata?.namespace}/${spec?.vmiName}`;
}

export interface ObserveContext {
  informers: MigrationInformers;
  configuration: () => VirtConfiguration;
  /** Nodes that migrations leave which have claimed their instance just now, by uid. */
  recentClaims: Map<string, string>;
}

export function observe(context: ObserveContext, key: string): Observation | undefined {
  const { informers, configuration } = context;
  const { namespace, name } = parseObjectKey(key);
  const migration = informers.migrations.get(namespace, name);
  if (migration === undefined) return undefined;
  const vmi = informers.vmis.get(namespace, migration.spec?.vmiName ?? "");
  const claims = vmi ? claimsOf(vmi, informers.claims) : [];
  return {
    migration,
    vmi,
    pods: vmi ? podsOf(vmi, informers.pods) : [],
    others: countOthers(context, migration.metadata?.uid ?? "", vmi?.status?.nodeName),
    hasOpenPredecessor: vmi !== undefined && hasOpenHolder(informers, migration, vmi),
    hasOtherNodes: hasOtherNodes(informers.nodes, vmi?.status?.nodeName),
    blockClaims: new Set(claims.filter(({ block }) => block).map((claim) => claim.name)),
    configuration: configuration().migrations,
    now: timestamp(),
  };
}

function countOthers(
  { informers, recentClaims }: ObserveContext,
  ownUid: string,
  nodeName: string | undefined,
): Observation["others"] {
  if (recentClaims.size > 0) forgetClaims(informers, recentClaims);
  const shown = informers.vmis
    .list()
    .filter(hasMigration)
    .flatMap(({ status }) => status?.migrationState ?? []);
  const sources = [
    ...shown.filter(({ migrationUid }) => migrationUid !== ownUid).map(({ sourceNode }) => sourceNode),
    ...recentClaims.values(),
  ];
  return { overall: sources.length, fromNode: sources.filter((source) => source === nodeName).length };
}

/** Of those that the copies show, and of those that are over: their instance may have gone before any copy showed it claimed. */
function forgetClaims({ vmis, migrations }: MigrationInformers, recentClaims: Map<string, string>): void {
  const open = migrations.list().filter((migration) => !isFinalMigration(migration));
  const openUids = new Set(open.map(({ metadata }) => metadata?.uid));
  const shownUids = new Set(vmis.list().map(({ status }) => status?.migrationState?.migrationUid));
  for (const uid of recentClaims.keys()) if (!openUids.has(uid) || shownUids.has(uid)) recentClaims.delete(uid);
}

/** The migration that holds the instance's register has not written down its end yet: it must read it first. */
function hasOpenHolder(
  { migrations }: MigrationInformers,
  migration: VirtualMachineInstanceMigration,
  vmi: VirtualMachineInstance,
): boolean {
  const holder = vmi.status?.migrationState?.migrationUid;
  return migrations
    .byIndex(byVmi, vmiKeyOf(migration))
    .some((other) => other.metadata?.uid === holder && other !== migration && !isFinalMigration(other));
}
