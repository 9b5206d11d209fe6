import type { Comparison } from "./compare.ts";
import { type Conflict, conflictError } from "./conflict.ts";
import { differenceOf, intersectionOf, isEmptySet, unionOf, withoutTrees } from "./field-set.ts";
import { type Manager, type ManagerKey, sameManager } from "./managers.ts";

/** The other managers without what was taken from them. @throws StatusError Conflict, unless forced */
export function yieldFields(
  managers: readonly Manager[],
  key: ManagerKey,
  { added, modified, removed }: Comparison,
  force: boolean,
): Manager[] {
  const changed = unionOf(added, modified);
  const others = managers.filter((manager) => !sameManager(manager, key));
  const conflicts = others
    .map((manager): Conflict => ({ manager, fields: intersectionOf(manager.fields, changed) }))
    .filter(({ fields }) => !isEmptySet(fields));
  if (!force && conflicts.length > 0) throw conflictError(conflicts);
  return managers.map((manager) =>
    sameManager(manager, key)
      ? manager
      : { ...manager, fields: withoutTrees(differenceOf(manager.fields, changed), removed) },
  );
}
