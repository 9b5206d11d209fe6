/** What the controller looks at to decide about one VirtualMachineInstanceMigration. Plain data, never changed. */
import type { LauncherPod } from "../virtualmachineinstance/launcher/launcher.ts";
import type { VirtMigrationConfiguration } from "../../../api/kubevirt/configuration.ts";
import type { MigrationState } from "../../../api/kubevirt/migration/migration.ts";
import type { VirtualMachineInstanceMigration } from "../../../api/kubevirt/resources.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";

export interface Observation {
  migration: VirtualMachineInstanceMigration;
  vmi: VirtualMachineInstance | undefined;
  /** All launchers of the instance. */
  pods: readonly LauncherPod[];
  /** Migrations that are on: in the whole cluster, and away from the node of this instance. */
  others: { overall: number; fromNode: number };
  /** The migration before this one has not written down its end yet. */
  hasOpenPredecessor: boolean;
  /** There is somewhere else to go to. */
  hasOtherNodes: boolean;
  /** Names of the claims that have volumeMode Block. */
  blockClaims: ReadonlySet<string>;
  configuration: VirtMigrationConfiguration;
  /** RFC 3339. */
  now: string;
}

/** The instance's register, when it is this migration that holds it. */
export function claimedState({ vmi, migration }: Pick<Observation, "vmi" | "migration">): MigrationState | undefined {
  const state = vmi?.status?.migrationState;
  return state?.migrationUid === migration.metadata?.uid ? state : undefined;
}

export function targetPodOf(observation: Observation): LauncherPod | undefined {
  const name = claimedState(observation)?.targetPod;
  return name === undefined ? undefined : observation.pods.find(({ metadata }) => metadata?.name === name);
}

export function isDeleted({ migration }: Pick<Observation, "migration">): boolean {
  return migration.metadata?.deletionTimestamp !== undefined;
}
