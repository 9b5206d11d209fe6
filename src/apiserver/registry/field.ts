/** Reading untyped JSON without trusting its shape. */

export function field(object: unknown, ...path: (string | number)[]): unknown {
  let value = object;
  for (const step of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

export function text(object: unknown, ...path: (string | number)[]): string {
  const value = field(object, ...path);
  return typeof value === "string" ? value : typeof value === "number" || typeof value === "boolean" ? `${value}` : "";
}

export function number(object: unknown, ...path: (string | number)[]): number {
  const value = field(object, ...path);
  return typeof value === "number" ? value : 0;
}

export function list<T = Record<string, unknown>>(object: unknown, ...path: (string | number)[]): T[] {
  const value = field(object, ...path);
  return Array.isArray(value) ? (value as T[]) : [];
}

export function record<T = unknown>(object: unknown, ...path: (string | number)[]): Record<string, T> {
  const value = field(object, ...path);
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, T>) : {};
}

/** The record at the path, made when it is missing. */
export function ensure(object: object, ...path: string[]): Record<string, unknown> {
  let value = object as Record<string, unknown>;
  for (const step of path) {
    const next = value[step];
    if (typeof next === "object" && next !== null) value = next as Record<string, unknown>;
    else value = value[step] = {} as Record<string, unknown>;
  }
  return value;
}

/** Sets the value of a key that is missing or null. */
export function fill(object: Record<string, unknown>, key: string, value: unknown): void {
  if (object[key] === undefined || object[key] === null) object[key] = value;
}
