/** The kinds served right now: the built-in ones and those of CustomResourceDefinitions. */
import { groupVersion, type ServedKind } from "./kind.ts";

export interface Registry {
  find(group: string, version: string, plural: string): ServedKind | undefined;
  /** Any served version of the resource. */
  findAny(group: string, plural: string): ServedKind | undefined;
  all(): readonly ServedKind[];
  /** Replaces the kinds that one owner (a CRD by name) brought; none removes them. */
  setCustom(owner: string, kinds: readonly ServedKind[]): void;
  /** Called after the set of kinds has changed. */
  onChange(handler: () => void): void;
}

export function createRegistry(builtin: readonly ServedKind[]): Registry {
  const custom = new Map<string, readonly ServedKind[]>();
  const handlers: (() => void)[] = [];
  let kinds: readonly ServedKind[] = builtin;
  let index = indexOf(kinds);
  return {
    find: (group, version, plural) => index.get(`${groupVersion({ group, version })}/${plural}`),
    findAny: (group, plural) => kinds.find((kind) => kind.group === group && kind.plural === plural),
    all: () => kinds,
    setCustom(owner, next) {
      if (next.length > 0) custom.set(owner, next);
      else if (!custom.delete(owner)) return;
      kinds = [...builtin, ...[...custom.values()].flat()];
      index = indexOf(kinds);
      for (const handler of handlers) handler();
    },
    onChange: (handler) => void handlers.push(handler),
  };
}

function indexOf(kinds: readonly ServedKind[]): Map<string, ServedKind> {
  return new Map(kinds.map((kind) => [`${groupVersion(kind)}/${kind.plural}`, kind]));
}
