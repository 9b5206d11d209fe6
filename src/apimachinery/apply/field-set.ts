/**
 * A set of fields of an object, as a tree: which fields somebody owns, or which ones differ.
 *
 * A child's key says which part of its parent it is, in the notation of `fieldsV1`:
 *   f:NAME  a field of an object      k:{"name":"web"}  the item of a keyed list
 *   v:VALUE an item of a set          (lists that are neither are owned as a whole)
 * `self` says that the field itself is in the set, not only parts of it. Sets are never changed once made.
 */
export interface FieldSet {
  readonly self: boolean;
  readonly children: ReadonlyMap<string, FieldSet>;
}

export const emptySet: FieldSet = { self: false, children: new Map() };
export const leafSet: FieldSet = { self: true, children: new Map() };

export function isEmptySet(set: FieldSet | undefined): boolean {
  return set === undefined || (!set.self && set.children.size === 0);
}

/** Leaves out empty children, so that equal sets look the same. */
export function fieldSet(self: boolean, children: Iterable<readonly [key: string, child: FieldSet]>): FieldSet {
  return { self, children: new Map([...children].filter(([, child]) => !isEmptySet(child))) };
}

export function unionOf(left: FieldSet, right: FieldSet): FieldSet {
  if (isEmptySet(left)) return right;
  if (isEmptySet(right)) return left;
  return combine(left, right, left.self || right.self, unionOf);
}

export function intersectionOf(left: FieldSet, right: FieldSet): FieldSet {
  return combine(left, right, left.self && right.self, intersectionOf);
}

/** What is in `left` and not in `right`, field by field. */
export function differenceOf(left: FieldSet, right: FieldSet): FieldSet {
  if (isEmptySet(right)) return left;
  return combine(left, right, left.self && !right.self, differenceOf);
}

/** As `differenceOf`, but a field of `right` also takes all its parts away. */
export function withoutTrees(left: FieldSet, right: FieldSet): FieldSet {
  if (isEmptySet(right)) return left;
  if (right.self) return emptySet;
  return combine(left, right, left.self, withoutTrees);
}

export function sameSet(left: FieldSet, right: FieldSet): boolean {
  if (left.self !== right.self || left.children.size !== right.children.size) return false;
  return [...left.children].every(([key, child]) => sameSet(child, right.children.get(key) ?? emptySet));
}

/** The paths of all fields in the set, parents first. */
export function pathsOfSet(set: FieldSet, path: readonly string[] = []): string[][] {
  const below = [...set.children].flatMap(([key, child]) => pathsOfSet(child, [...path, key]));
  return set.self ? [[...path], ...below] : below;
}

function combine(
  left: FieldSet,
  right: FieldSet,
  self: boolean,
  merge: (left: FieldSet, right: FieldSet) => FieldSet,
): FieldSet {
  const keys = new Set([...left.children.keys(), ...right.children.keys()]);
  return fieldSet(
    self,
    [...keys].map((key) => [key, merge(left.children.get(key) ?? emptySet, right.children.get(key) ?? emptySet)]),
  );
}
