import type { KubeObject, Resource } from "../../../api/meta.ts";
import { isStatus } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import { keyOf } from "../../client/paths.ts";

/** @returns false when it was gone already */
export async function deleteIfThere(client: Client, resource: Resource, object: KubeObject): Promise<boolean> {
  try {
    await client.delete(resource, keyOf(object), { propagationPolicy: "Background" });
    return true;
  } catch (error) {
    if (isStatus(error, "NotFound")) return false;
    throw error;
  }
}
