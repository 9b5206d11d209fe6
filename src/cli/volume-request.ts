import { isStatus } from "../base/errors.ts";
import type { Connection } from "./connection.ts";
import { putSubresource } from "./subresource.ts";

/** Of the machine, which keeps it in its spec; of an instance that no machine keeps, itself. */
export async function requestVolume(
  { client, namespace }: Connection,
  name: string,
  operation: "addvolume" | "removevolume",
  body: object,
): Promise<void> {
  try {
    await putSubresource(client, { kind: "vm", namespace, name }, operation, body);
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
    await putSubresource(client, { kind: "vmi", namespace, name }, operation, body);
  }
}

/** virtctl's, from when it changed the running instance alone unless it was told otherwise. */
export const persistOption = [
  "--persist",
  "has no effect: a machine keeps the change in its spec in any case",
] as const;
