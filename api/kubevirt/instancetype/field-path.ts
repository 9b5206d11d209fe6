/** Reads and writes fields of a JSON object by path, `domain.cpu.model`. */

export function valueAt(object: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((value, name) => (isRecord(value) ? value[name] : undefined), object);
}

/** Makes the objects on the way. */
export function setAt(object: object, path: string, value: unknown): void {
  const names = path.split(".");
  const last = names.pop() ?? "";
  const holder = names.reduce<Record<string, unknown>>(
    (parent, name) => {
      parent[name] ??= {};
      return parent[name] as Record<string, unknown>;
    },
    object as Record<string, unknown>,
  );
  holder[last] = structuredClone(value);
}

export function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === "";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
