/** Keeps the rules of aggregated cluster roles equal to those of the roles that they select. */
import { type ClusterRole, clusterRoles, type PolicyRule } from "../../../api/rbac.ts";
import type { LabelSelector } from "../../../api/meta.ts";
import { sameJson } from "../../apimachinery/schema/same-json.ts";
import { matchesLabels, requirementsOf } from "../../apimachinery/selector/label-selector.ts";
import { isStatus, messageOf } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import type { Registry } from "../registry/registry.ts";
import { bucketOf } from "../storage/keys.ts";
import type { Objects } from "../storage/objects.ts";

const bucket = bucketOf(clusterRoles);

export function followAggregation(objects: Objects, registry: Registry, log: Logger): void {
  let running: Promise<void> = Promise.resolve();
  const run = (): void => {
    running = running
      .then(() => aggregateAll(objects, registry))
      .catch((error: unknown) => log.error({ error: messageOf(error) }, "cluster roles cannot be aggregated"));
  };
  objects.cache.onEvent((event) => {
    if (event.entry.key.startsWith(bucket)) run();
  });
  run();
}

async function aggregateAll(objects: Objects, registry: Registry): Promise<void> {
  const kind = registry.findAny(clusterRoles.group, clusterRoles.plural);
  const roles = (await objects.list(clusterRoles)).map((entry) => entry.object as ClusterRole);
  for (const role of roles) {
    if (!kind || !role.aggregationRule) continue;
    const rules = aggregated(role, roles);
    if (sameJson(rules, role.rules ?? [])) continue;
    const target = { namespace: undefined, name: role.metadata?.name ?? "" };
    await objects
      .update(kind, target, (current) => Object.assign(current, { rules }))
      .catch((error: unknown) => {
        if (!isStatus(error, "NotFound")) throw error;
      });
  }
}

/** In the order of names, each rule once. */
export function aggregated(role: ClusterRole, roles: readonly ClusterRole[]): PolicyRule[] {
  const selectors = role.aggregationRule?.clusterRoleSelectors ?? [];
  const members = roles.filter(
    (other) =>
      other.metadata?.name !== role.metadata?.name &&
      selectors.some((selector) => matchesLabels(requirementsOf(selector as LabelSelector), other.metadata?.labels)),
  );
  const rules = members.flatMap((member) => member.rules ?? []);
  return rules.filter((rule, index) => rules.findIndex((other) => sameJson(other, rule)) === index);
}
