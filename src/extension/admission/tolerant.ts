import type { KubeObject } from "../../../api/meta.ts";

/** Runs before the schema check: a field of a wrong type stays for that check to name. */
export function tolerant(object: KubeObject, change: () => KubeObject): KubeObject {
  try {
    return change();
  } catch (error) {
    if (error instanceof TypeError) return object;
    throw error;
  }
}
