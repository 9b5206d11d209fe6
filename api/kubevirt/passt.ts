import type { Interface } from "./types.ts";

/** By its own field, or as upstream's binding plugin of this name. */
export function usesPasst({ passtBinding, binding }: Pick<Interface, "passtBinding" | "binding">): boolean {
  return passtBinding !== undefined || binding?.name === passtPlugin;
}

export const passtPlugin = "passt";
