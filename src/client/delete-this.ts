import type { KubeObject, Resource } from "../../api/meta.ts";
import { isStatus } from "../base/errors.ts";
import type { Client } from "./client.ts";

type Options = Omit<NonNullable<Parameters<Client["delete"]>[2]>, "preconditions">;

/** Deletes this very object, and no other that has its name by now. @returns whether it was there */
export async function deleteThis<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  { metadata }: T,
  options: Options,
): Promise<boolean> {
  const { namespace, name = "", uid } = metadata ?? {};
  try {
    await client.delete(resource, { namespace, name }, { ...options, preconditions: { uid } });
    return true;
  } catch (error) {
    if (isStatus(error, "NotFound", "Conflict")) return false;
    throw error;
  }
}
