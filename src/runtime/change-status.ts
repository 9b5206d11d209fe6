import type { KubeObject, Resource } from "../../api/meta.ts";
import { isStatus } from "../base/errors.ts";
import type { Client } from "../client/client.ts";

const attempts = 5;

type WithStatus = KubeObject & { status?: unknown };

/**
 * Changes an object's status under its resource version. `decide` is asked first about the copy at hand; when somebody wrote
 * meanwhile it is asked again about the object as it is then, at once: some of these writes have a guest waiting.
 * @returns the object as written; undefined when it is gone, is another one, or `decide` wants nothing changed
 */
export async function changeStatus<T extends WithStatus>(
  client: Client,
  resource: Resource<T>,
  copy: T,
  decide: (current: T) => T["status"] | undefined,
  signal: AbortSignal,
): Promise<T | undefined> {
  const { namespace, name = "", uid } = copy.metadata ?? {};
  let current = copy;
  for (let attempt = 1; ; attempt++) {
    const status = decide(current);
    if (status === undefined) return undefined;
    try {
      return await client.updateStatus(resource, { ...current, status }, { signal });
    } catch (error) {
      if (isStatus(error, "NotFound")) return undefined;
      if (!isStatus(error, "Conflict") || attempt === attempts) throw error;
    }
    try {
      current = await client.get(resource, { namespace, name }, { signal });
    } catch (error) {
      if (isStatus(error, "NotFound")) return undefined;
      throw error;
    }
    if (current.metadata?.uid !== uid) return undefined;
  }
}
