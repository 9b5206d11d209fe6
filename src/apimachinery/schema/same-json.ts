/** Whether two JSON values are equal, whatever the order of their keys. */
export function sameJson(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return false;
  if (Array.isArray(left) || Array.isArray(right)) return sameList(left, right);
  return sameFields(left as Record<string, unknown>, right as Record<string, unknown>);
}

function sameList(left: unknown, right: unknown): boolean {
  if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false;
  return left.every((item, index) => sameJson(item, right[index]));
}

function sameFields(left: Record<string, unknown>, right: Record<string, unknown>): boolean {
  const fields = Object.keys(left);
  if (fields.length !== Object.keys(right).length) return false;
  return fields.every((field) => Object.hasOwn(right, field) && sameJson(left[field], right[field]));
}

/** The same of texts that `JSON.stringify` made: only those of equal length need be read. */
export function sameJsonText(left: string, right: string): boolean {
  return (
    left === right || (left.length === right.length && left !== "" && sameJson(JSON.parse(left), JSON.parse(right)))
  );
}

/** JSON text that is equal for equal values. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, child: unknown) =>
    typeof child === "object" && child !== null && !Array.isArray(child)
      ? Object.fromEntries(Object.entries(child).sort(([left], [right]) => (left < right ? -1 : 1)))
      : child,
  );
}
