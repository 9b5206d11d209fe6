/** Whether the user may do all of it, asked beforehand: half an installation is worse than none. */
import { selfSubjectAccessReviews } from "../../../api/authorization.ts";
import type { KubeObject, Resource } from "../../../api/meta.ts";
import { isStatus } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import { resourceOf } from "./kinds.ts";

export interface Access {
  verb: string;
  resource: Resource;
  namespace?: string | undefined;
}

/** One for each kind, namespace and verb. Pure. */
export function neededAccess(objects: readonly KubeObject[], verbs: readonly string[]): Access[] {
  const byKind = new Map<string, Access[]>();
  for (const object of objects) {
    const resource = resourceOf(object);
    const namespace = resource.namespaced ? object.metadata?.namespace : undefined;
    const key = `${resource.group}/${resource.plural}/${namespace ?? ""}`;
    byKind.set(
      key,
      verbs.map((verb) => ({ verb, resource, namespace })),
    );
  }
  return [...byKind.values()].flat();
}

/** In all namespaces. Pure. */
export function accessToAll(resources: readonly Resource[], verbs: readonly string[]): Access[] {
  return resources.flatMap((resource) => verbs.map((verb) => ({ verb, resource })));
}

/** A cluster answers only so many at once to one user, and turns the others away. */
const askedAtOnce = 8;

/** @throws Error listing what is not allowed */
export async function requireAccess(client: Client, needed: readonly Access[]): Promise<void> {
  const lacking = new Set<Access>();
  const lanes = Array.from({ length: askedAtOnce }, (_, lane) => needed.filter((_, at) => at % askedAtOnce === lane));
  await Promise.all(
    lanes.map(async (lane) => {
      for (const access of lane) if (!(await isAllowed(client, access))) lacking.add(access);
    }),
  );
  const lacks = needed.filter((access) => lacking.has(access)).map(describe);
  if (lacks.length === 0) return;
  throw new Error(
    `you may not do in this cluster what this needs:\n${lacks.map((each) => `  ${each}`).join("\n")}\nAsk for cluster-admin, or let an administrator do it.`,
  );
}

/** It is a question, and so may be asked again. */
async function isAllowed(client: Client, access: Access): Promise<boolean> {
  try {
    return await ask(client, access);
  } catch (error) {
    if (!isStatus(error, "ServiceUnavailable")) throw error;
    return ask(client, access);
  }
}

async function ask(client: Client, { verb, resource, namespace }: Access): Promise<boolean> {
  const { group, plural } = resource;
  const resourceAttributes = { verb, group, resource: plural, ...(namespace && { namespace }) };
  const { status } = await client.create(selfSubjectAccessReviews, { spec: { resourceAttributes } });
  return status?.allowed === true;
}

function describe({ verb, resource, namespace }: Access): string {
  const name = resource.group === "" ? resource.plural : `${resource.plural}.${resource.group}`;
  return `${verb} ${name}${namespace ? ` in namespace ${namespace}` : ""}`;
}
