/** Asks the cluster's API server whether a user may do what is asked. A yes holds for some seconds, a no for none. */
import { subjectAccessReviews, type SubjectAccessReview } from "../../../api/authorization.ts";
import type { Client } from "../../client/client.ts";
import { type Attributes, forbidden } from "../attributes.ts";
import { createExpiringCache } from "./expiring-cache.ts";

/** @throws StatusError Forbidden; what the API server says when it cannot decide */
export type Authorize = (attributes: Attributes) => Promise<void>;

const lifetimeMs = 5_000;

export function createAuthorize(client: Client): Authorize {
  const allowed = createExpiringCache<true>({ lifetimeMs });
  return async (attributes) => {
    const spec = specOf(attributes);
    const key = JSON.stringify(spec);
    if (allowed.get(key)) return;
    const { status } = await client.create(subjectAccessReviews, { spec });
    if (status?.allowed !== true || status.denied === true) throw forbidden(attributes);
    allowed.set(key, true);
  };
}

function specOf(attributes: Attributes): SubjectAccessReview["spec"] {
  const { user, verb, nonResourcePath, group, version, resource, subresource, namespace, name } = attributes;
  const { uid, extra } = user;
  return {
    user: user.name,
    groups: user.groups,
    ...(uid && { uid }),
    ...(extra && { extra }),
    ...(nonResourcePath !== undefined
      ? { nonResourceAttributes: { path: nonResourcePath, verb } }
      : {
          resourceAttributes: {
            verb,
            group,
            version,
            resource,
            ...(subresource && { subresource }),
            ...(namespace && { namespace }),
            ...(name && { name }),
          },
        }),
  };
}
