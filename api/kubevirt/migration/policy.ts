/**
 * MigrationPolicies: what an administrator decides about the migrations of some machines, over what the KubeVirt resource says of
 * all. One policy counts for a machine, and it is chosen when a migration is claimed (upstream's rule):
 *
 *   every label that it selects by is there   ──▶ it applies; one without selectors applies to none
 *   of those, most labels                     ──▶ then more labels of the machine than of its namespace ──▶ then the first by name
 */
import { isQuantity } from "../../../src/base/quantity.ts";
import { forbidden, invalid, setFields, type StatusCause } from "../validate/causes.ts";
import type { VirtMigrationConfiguration } from "../configuration.ts";
import type { MigrationPolicy } from "../resources.ts";

type Labels = Readonly<Record<string, string>>;

export interface Selected {
  /** Of the VirtualMachineInstance. */
  labels: Labels | undefined;
  namespaceLabels: Labels | undefined;
}

export interface ChosenConfiguration {
  configuration: VirtMigrationConfiguration;
  /** Of the policy that it is owed to. */
  policyName: string | undefined;
}

/** A policy that decides nothing is not named. */
export function configureMigration(
  configuration: VirtMigrationConfiguration,
  policies: readonly MigrationPolicy[],
  selected: Selected,
): ChosenConfiguration {
  const policy = choosePolicy(policies, selected);
  const decided = policy === undefined ? {} : decisionsOf(policy);
  if (Object.keys(decided).length === 0) return { configuration, policyName: undefined };
  return { configuration: { ...configuration, ...decided }, policyName: policy?.metadata?.name };
}

export function choosePolicy(policies: readonly MigrationPolicy[], selected: Selected): MigrationPolicy | undefined {
  const matches = policies.flatMap((policy) => {
    const match = matchOf(policy, selected);
    return match === undefined ? [] : [{ policy, ...match }];
  });
  const [best] = matches.toSorted(
    (one, other) =>
      other.ofMachine + other.ofNamespace - (one.ofMachine + one.ofNamespace) ||
      other.ofMachine - one.ofMachine ||
      compareNames(one.policy, other.policy),
  );
  return best?.policy;
}

function matchOf({ spec }: MigrationPolicy, { labels, namespaceLabels }: Selected) {
  const { selectors } = spec ?? {};
  if (!selectors) return undefined;
  const ofMachine = countMatches(selectors.virtualMachineInstanceSelector, labels);
  const ofNamespace = countMatches(selectors.namespaceSelector, namespaceLabels);
  return ofMachine === undefined || ofNamespace === undefined ? undefined : { ofMachine, ofNamespace };
}

/** Undefined unless all of them match. */
function countMatches(selector: Labels = {}, labels: Labels = {}): number | undefined {
  const wanted = Object.entries(selector);
  return wanted.every(([name, value]) => labels[name] === value) ? wanted.length : undefined;
}

function compareNames(one: MigrationPolicy, other: MigrationPolicy): number {
  const [left, right] = [one.metadata?.name ?? "", other.metadata?.name ?? ""];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Whoever allows postcopy allows the guest to be disturbed, unless the policy says otherwise. */
function decisionsOf({ spec }: MigrationPolicy): Partial<VirtMigrationConfiguration> {
  const { allowAutoConverge, allowPostCopy, bandwidthPerMigration, completionTimeoutPerGiB } = spec ?? {};
  const decided = {
    allowAutoConverge,
    allowPostCopy,
    allowWorkloadDisruption: spec?.allowWorkloadDisruption ?? allowPostCopy,
    bandwidthPerMigration,
    completionTimeoutPerGiB,
  };
  return Object.fromEntries(Object.entries(decided).filter(([, value]) => value !== undefined && value !== null));
}

/** What upstream has behind a gate that is closed, and vmpod does not have. */
const unavailable = ["maxDowntimeMs", "experimental"] as const;

export function validateMigrationPolicy({ spec }: MigrationPolicy): StatusCause[] {
  const { completionTimeoutPerGiB = 0, bandwidthPerMigration = "0" } = spec ?? {};
  return [
    ...(completionTimeoutPerGiB < 0
      ? [invalid("spec.completionTimeoutPerGiB", completionTimeoutPerGiB, "must not be negative; 0 is no limit")]
      : []),
    ...validateBandwidth(bandwidthPerMigration),
    ...setFields(spec, unavailable).map((field) => forbidden(`spec.${field}`, "vmpod cannot honour it yet: remove it")),
  ];
}

function validateBandwidth(bandwidth: string | number): StatusCause[] {
  const field = "spec.bandwidthPerMigration";
  const example = "a quantity of bytes a second, e.g. 64Mi, or 0 for no limit";
  if (!isQuantity(bandwidth)) return [invalid(field, bandwidth, `must be ${example}`)];
  return String(bandwidth).startsWith("-") ? [invalid(field, bandwidth, `must not be negative: use ${example}`)] : [];
}
