/** Carries out one planned action. Idempotent: each may be repeated after a crash at any point. */
import { namespaces, pods } from "../../../api/core.ts";
import { decisionOf } from "../../../api/kubevirt/migration/migration.ts";
import { type ChosenConfiguration, configureMigration } from "../../../api/kubevirt/migration/policy.ts";
import * as register from "../../../api/kubevirt/migration/register.ts";
import { annotations, finalizers, labels } from "../../../api/kubevirt/names.ts";
import {
  migrationPolicies,
  virtualMachineInstanceMigrations,
  virtualMachineInstances,
} from "../../../api/kubevirt/resources.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { isStatus, messageOf, StatusError, TerminalError } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import { changeStatus } from "../../runtime/change-status.ts";
import { timestamp } from "../../runtime/conditions.ts";
import { withoutFinalizer } from "../../runtime/owner-references.ts";
import { findInstance, type LauncherContext } from "../virtualmachineinstance/execute.ts";
import type { Action } from "./plan.ts";
import { renderTargetPod, targetPodName } from "./target-pod.ts";

export interface ExecuteContext extends LauncherContext {
  /** Told of each claim, so that the next one is counted before the copies show this one. */
  onClaimed(migrationUid: string, node: string): void;
}

type ActionOf<T extends Action["type"]> = Extract<Action, { type: T }>;

export async function execute(context: ExecuteContext, action: Action, signal: AbortSignal): Promise<void> {
  switch (action.type) {
    case "claim":
      return claim(context, action, signal);
    case "createTarget":
      return createTarget(context, action, signal);
    case "handToTarget":
      await labelTarget(context, action, signal);
      return changeRegister(context, action, signal);
    case "reportDowntime":
      return reportDowntime(context, action, signal);
    case "removeFinalizer":
      return removeFinalizer(context, action, signal);
    default:
      return changeRegister(context, action, signal);
  }
}

async function claim(context: ExecuteContext, action: ActionOf<"claim">, signal: AbortSignal): Promise<void> {
  const { migration, vmi, source } = action;
  const { uid: migrationUid = "" } = migration.metadata ?? {};
  const sourceNode = source.spec?.nodeName ?? "";
  const { configuration, policyName } = await chooseConfiguration(context, vmi, signal);
  const wanted = {
    migrationUid,
    sourcePod: source.metadata?.name ?? "",
    sourceNode,
    targetPod: targetPodName(vmi, migrationUid),
    migrationConfiguration: configuration,
    ...(policyName !== undefined && { migrationPolicyName: policyName }),
  };
  const before = vmi.status?.migrationState?.migrationUid;
  const claimed = await changeInstance(
    context,
    vmi,
    (current) =>
      current.status?.migrationState?.migrationUid === before ? register.claim(current, wanted) : undefined,
    signal,
  );
  if (claimed) context.onClaimed(migrationUid, sourceNode);
}

/** Asks the server, not a copy: a policy that was made just before its machine is migrated counts. */
async function chooseConfiguration(
  { client, configuration }: ExecuteContext,
  { metadata = {} }: VirtualMachineInstance,
  signal: AbortSignal,
): Promise<ChosenConfiguration> {
  const { migrations } = configuration();
  const { items } = await client.list(migrationPolicies, { signal });
  if (items.length === 0) return { configuration: migrations, policyName: undefined };
  const namespace = await client.get(namespaces, { name: metadata.namespace ?? "" }, { signal });
  return configureMigration(migrations, items, {
    labels: metadata.labels,
    namespaceLabels: namespace.metadata?.labels,
  });
}

async function changeRegister(
  context: ExecuteContext,
  action: ActionOf<"handToTarget" | "requestAbort" | "decideSource" | "abandon">,
  signal: AbortSignal,
): Promise<void> {
  const uid = action.migration.metadata?.uid ?? "";
  await changeInstance(
    context,
    action.vmi,
    (current) => {
      if (action.type === "handToTarget") return register.handToTarget(current, uid, action.node);
      if (action.type === "requestAbort") return register.requestAbort(current, uid);
      const failure = { reason: action.reason, now: timestamp() };
      if (action.type === "abandon") return register.abandon(current, uid, failure);
      return register.decideSource(current, uid, failure);
    },
    signal,
  );
}

/** Before it is handed over: an agent sees the instances that carry its node's name. */
async function labelTarget(
  { client }: ExecuteContext,
  { vmi, node }: ActionOf<"handToTarget">,
  signal: AbortSignal,
): Promise<void> {
  const { namespace, name = "", uid, labels: current } = vmi.metadata ?? {};
  if (current?.[labels.migrationTargetNodeName] === node) return;
  const body = { metadata: { uid, labels: { [labels.migrationTargetNodeName]: node } } };
  await unlessGone(client.patch(virtualMachineInstances, { namespace, name }, { type: "merge", body }, { signal }));
}

function changeInstance(
  { client }: ExecuteContext,
  vmi: VirtualMachineInstance,
  decide: (current: VirtualMachineInstance) => VirtualMachineInstance["status"],
  signal: AbortSignal,
): Promise<VirtualMachineInstance | undefined> {
  return changeStatus(client, virtualMachineInstances, vmi, decide, signal);
}

async function createTarget(
  context: ExecuteContext,
  action: ActionOf<"createTarget">,
  signal: AbortSignal,
): Promise<void> {
  const { client, events, launcherImage, imageVolumes, configuration } = context;
  const { migration, hasOtherNodes, blockClaims } = action;
  const vmi = await stillWanted(client, action, signal);
  if (vmi === undefined) return;
  try {
    const autoLimits = await context.autoLimits(vmi.metadata?.namespace ?? "", signal);
    const options = {
      launcherImage,
      imageVolumes,
      configuration: configuration(),
      autoLimits,
      blockClaims,
      hasOtherNodes,
    };
    const created = await client.create(pods, renderTargetPod(vmi, migration, options), { signal });
    events.record(migration, "Normal", "SuccessfulCreate", `Created migration target pod ${created.metadata?.name}`);
  } catch (error) {
    if (isStatus(error, "AlreadyExists")) return;
    events.record(migration, "Warning", "FailedCreate", `Error creating pod: ${messageOf(error)}`);
    if (!(error instanceof StatusError || error instanceof TerminalError) || isPassing(error)) throw error;
    const reason = `the target pod was refused: ${messageOf(error)}`;
    await changeRegister(context, { type: "decideSource", migration, vmi, reason }, signal);
  }
}

function isPassing(error: Error): boolean {
  return isStatus(error, "ServiceUnavailable", "Timeout", "TooManyRequests", "InternalError", "Conflict");
}

/** Asks the server, not the copy: a migration that was given up meanwhile gets no pod. */
async function stillWanted(
  client: Client,
  { migration, vmi }: ActionOf<"createTarget">,
  signal: AbortSignal,
): Promise<VirtualMachineInstance | undefined> {
  const { namespace, name = "" } = vmi.metadata ?? {};
  const current = await findInstance(client, { namespace, name }, signal);
  const state = current?.status?.migrationState;
  const isOpen = state?.migrationUid === migration.metadata?.uid && !state?.completed;
  return isOpen && state && decisionOf(state) === "undecided" ? current : undefined;
}

async function reportDowntime(
  { client, events }: ExecuteContext,
  { migration, downtimeMs }: ActionOf<"reportDowntime">,
  signal: AbortSignal,
): Promise<void> {
  const { namespace, name = "", uid } = migration.metadata ?? {};
  const body = { metadata: { uid, annotations: { [annotations.migrationDowntimeMs]: String(downtimeMs) } } };
  await unlessGone(
    client.patch(virtualMachineInstanceMigrations, { namespace, name }, { type: "merge", body }, { signal }),
  );
  events.record(migration, "Normal", "MeasuredDowntime", `The guest stood still for ${downtimeMs} ms.`);
}

async function removeFinalizer(
  { client }: ExecuteContext,
  { migration }: ActionOf<"removeFinalizer">,
  signal: AbortSignal,
): Promise<void> {
  const updated = withoutFinalizer(migration, finalizers.migration);
  await unlessGone(client.update(virtualMachineInstanceMigrations, updated, { signal }));
}

async function unlessGone(request: Promise<unknown>): Promise<void> {
  await request.catch((error: unknown) => {
    if (!isStatus(error, "NotFound")) throw error;
  });
}
