/** Where two specs differ, as people name fields: `domain.devices.disks[root].bus`. Pure. */
import { sameJson } from "../../../api/kubevirt/same-json.ts";

export interface Difference {
  path: string;
  wanted: unknown;
  actual: unknown;
}

type Fields = Record<string, unknown>;

/** @param isWhole whether what is at a path is compared as one value */
export function differences(
  wanted: unknown,
  actual: unknown,
  isWhole: (path: string) => boolean = () => false,
  path = "",
): Difference[] {
  if (sameJson(wanted, actual)) return [];
  const [left, right] = [membersOf(wanted), membersOf(actual)];
  if (left === undefined || right === undefined || isWhole(path)) return [{ path, wanted, actual }];
  const names = [...new Set([...left.keys(), ...right.keys()])].sort();
  return names.flatMap((name) => differences(left.get(name), right.get(name), isWhole, below(path, name)));
}

/** A copy of `spec` with `value` at a path that `differences` told. */
export function withField<T extends object>(spec: T, path: string, value: unknown): T {
  const copy = structuredClone(spec);
  const steps = path.match(/[^.[\]]+|\[[^\]]*\]/g) ?? [];
  const last = steps.pop() ?? "";
  const holder = steps.reduce<unknown>((found, step) => membersOf(found)?.get(step), copy);
  if (typeof holder !== "object" || holder === null) return copy;
  if (value === undefined) delete (holder as Fields)[last];
  else (holder as Fields)[last] = value;
  return copy;
}

/** Of an object its fields, of a list its items if they have names; anything else is one value. */
function membersOf(value: unknown): Map<string, unknown> | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (!Array.isArray(value)) return new Map(Object.entries(value));
  const isNamed = value.length > 0 && value.every((item: Fields | null) => typeof item?.["name"] === "string");
  return isNamed ? new Map(value.map((item: Fields) => [`[${String(item["name"])}]`, item])) : undefined;
}

function below(path: string, name: string): string {
  return path === "" || name.startsWith("[") ? `${path}${name}` : `${path}.${name}`;
}
