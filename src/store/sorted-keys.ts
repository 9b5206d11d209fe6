/** Keys in byte order: an array that is binary-searched. Inserting moves memory, 100 000 keys cost microseconds. */
export interface SortedKeys {
  add(key: string): void;
  remove(key: string): void;
  /** Keys that start with `prefix` and come after `after`. */
  range(prefix: string, after?: string): string[];
}

export function createSortedKeys(): SortedKeys {
  const keys: string[] = [];
  return {
    add(key) {
      const at = firstWhere(keys, (other) => compareBytes(other, key) >= 0);
      if (keys[at] !== key) keys.splice(at, 0, key);
    },
    remove(key) {
      const at = firstWhere(keys, (other) => compareBytes(other, key) >= 0);
      if (keys[at] === key) keys.splice(at, 1);
    },
    range(prefix, after) {
      const first = firstWhere(keys, (key) => compareBytes(key, prefix) >= 0);
      const end = firstWhere(keys, (key) => compareBytes(key, prefix) > 0 && !key.startsWith(prefix));
      const start = after === undefined ? first : firstWhere(keys, (key) => compareBytes(key, after) > 0);
      return keys.slice(Math.max(first, start), end);
    },
  };
}

/** Index of the first key for which `holds`, given that it then holds for all later ones. */
function firstWhere(keys: readonly string[], holds: (key: string) => boolean): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(keys[middle] as string)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Order of the UTF-8 encodings, which is that of code points; UTF-16 (`<`) differs above the surrogates. */
export function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const [unitA, unitB] = [a.charCodeAt(index), b.charCodeAt(index)];
    if (unitA !== unitB) return rank(unitA) - rank(unitB);
  }
  return a.length - b.length;
}

/** Surrogates encode code points above all others. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
