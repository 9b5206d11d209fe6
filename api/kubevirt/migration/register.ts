/**
 * The changes that `status.migrationState` may take (see ./migration.ts), one function each. Pure: given the instance as it
 * is now, they return its next status, or undefined when this step is no longer, or not yet, to be taken. Whoever writes the
 * result does so under the resource version of what it was computed from.
 *
 *   who               writes                      when
 *   controller        claim                       no other migration is on
 *   controller        handToTarget                the target pod runs
 *   source's agent    introduce                   between two nodes: the target needs to know it and its disks first
 *   target's agent    offer                       its QEMU has every device and listens
 *   source's agent    begin                       before the first byte is sent
 *   source's agent    disturb                     it takes too long, and the guest may be disturbed
 *   source's agent    decideTarget                its QEMU has given the guest away for good
 *   source's agent,   decideSource                anything that went wrong before that
 *    controller
 *   source's agent    goneOn                      its guest, which was made to stand still, runs again
 *   target's agent    finish                      the guest runs there
 *   controller        abandon                     the instance ended after the decision for the target
 */
import {
  decisionOf,
  hasMigration,
  standsStill,
  type MigrationConfiguration,
  type MigrationState,
} from "./migration.ts";
import type { MigrationTransport, VirtualMachineInstance, VirtualMachineInstanceStatus } from "../types.ts";

type Next = VirtualMachineInstanceStatus | undefined;

export interface Claim {
  migrationUid: string;
  sourcePod: string;
  sourceNode: string;
  targetPod: string;
  migrationConfiguration: MigrationConfiguration;
  /** Of the policy that the configuration is owed to. */
  migrationPolicyName?: string;
}

export function claim(vmi: VirtualMachineInstance, wanted: Claim): Next {
  const last = vmi.status?.migrationState;
  const isBusy = hasMigration(vmi) || (last !== undefined && standsStill(last));
  const isFree = !isBusy && vmi.metadata?.deletionTimestamp === undefined;
  if (!isFree || vmi.status?.phase !== "Running") return undefined;
  return { ...vmi.status, migrationState: { ...wanted } };
}

export function handToTarget(vmi: VirtualMachineInstance, migrationUid: string, targetNode: string): Next {
  return change(vmi, migrationUid, (state) => isOpen(state) && state.targetNode === undefined && { targetNode });
}

export type Introduction = Required<Pick<MigrationTransport, "sourceAuthority" | "disks">>;

export function introduce(vmi: VirtualMachineInstance, migrationUid: string, introduction: Introduction): Next {
  return change(vmi, migrationUid, (state) => isOpen(state) && !state.transport && { transport: { ...introduction } });
}

export interface Offer {
  address: string;
  /** Between two nodes. */
  targetAuthority: string | undefined;
  /** Whether its QEMU can run a guest whose memory is still to come. */
  postCopy: boolean;
}

export function offer(vmi: VirtualMachineInstance, migrationUid: string, given: Offer): Next {
  const { address, targetAuthority, postCopy } = given;
  return change(
    vmi,
    migrationUid,
    (state) =>
      isOpen(state) &&
      !state.targetNodeAddress && {
        targetNodeAddress: address,
        ...(!postCopy && { migrationConfiguration: { ...state.migrationConfiguration, allowPostCopy: false } }),
        ...(targetAuthority !== undefined && { transport: { ...state.transport, targetAuthority } }),
      },
  );
}

export function begin(vmi: VirtualMachineInstance, migrationUid: string, now: string): Next {
  return change(
    vmi,
    migrationUid,
    (state) =>
      isOpen(state) && !state.abortRequested && !state.startTimestamp && { startTimestamp: now, mode: "PreCopy" },
  );
}

/** How the guest is made to leave at last. */
export type Disturbance = "PostCopy" | "Paused";

/** Before it is done: whoever comes after must not take the one for the other. */
export function disturb(vmi: VirtualMachineInstance, migrationUid: string, mode: Disturbance): Next {
  return change(
    vmi,
    migrationUid,
    (state) => isOpen(state) && !state.abortRequested && state.mode === "PreCopy" && { mode },
  );
}

export function requestAbort(vmi: VirtualMachineInstance, migrationUid: string): Next {
  return change(
    vmi,
    migrationUid,
    (state) => isOpen(state) && !state.abortRequested && { abortRequested: true, abortStatus: "Aborting" },
  );
}

export function decideTarget(vmi: VirtualMachineInstance, migrationUid: string): Next {
  const status = change(
    vmi,
    migrationUid,
    (state) => isOpen(state) && state.startTimestamp !== undefined && { targetNodeDomainDetected: true },
  );
  return status && { ...status, nodeName: status.migrationState?.targetNode ?? status.nodeName };
}

export interface Failure {
  reason: string;
  /** RFC 3339. */
  now: string;
}

export function decideSource(vmi: VirtualMachineInstance, migrationUid: string, failure: Failure): Next {
  return change(
    vmi,
    migrationUid,
    (state) =>
      isOpen(state) && { ...failed(failure), ...(state.abortRequested && { abortStatus: "Succeeded" as const }) },
  );
}

/** The guest that was made to stand still has gone on where it was. */
export function goneOn(vmi: VirtualMachineInstance, migrationUid: string): Next {
  return change(vmi, migrationUid, (state) => standsStill(state) && { mode: "PreCopy" });
}

/** The node is left: an evacuation of it is done as far as this instance is concerned. */
export function finish(vmi: VirtualMachineInstance, migrationUid: string, now: string): Next {
  const status = change(
    vmi,
    migrationUid,
    (state) =>
      decisionOf(state) === "target" &&
      !state.completed && {
        completed: true,
        endTimestamp: now,
        targetNodeDomainReadyTimestamp: now,
        ...(state.abortRequested && { abortStatus: "Failed" as const }),
      },
  );
  return status && { ...status, evacuationNodeName: undefined };
}

export function abandon(vmi: VirtualMachineInstance, migrationUid: string, failure: Failure): Next {
  return change(vmi, migrationUid, (state) => decisionOf(state) === "target" && !state.completed && failed(failure));
}

function failed({ reason, now }: Failure): Partial<MigrationState> {
  return { failed: true, completed: true, endTimestamp: now, failureReason: reason };
}

function isOpen(state: MigrationState): boolean {
  return !state.completed && decisionOf(state) === "undecided";
}

function change(
  { status }: VirtualMachineInstance,
  migrationUid: string,
  decide: (state: MigrationState) => Partial<MigrationState> | false,
): Next {
  const state = status?.migrationState;
  if (status === undefined || state === undefined || state.migrationUid !== migrationUid) return undefined;
  const changed = decide(state);
  return changed === false ? undefined : { ...status, migrationState: { ...state, ...changed } };
}
