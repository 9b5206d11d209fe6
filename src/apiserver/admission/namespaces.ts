/** Nothing comes into a namespace that does not exist or is on its way out; the system's own cannot be deleted. */
import type { AdmissionPlugin } from "../../../api/admission.ts";
import { namespaces } from "../../../api/core.ts";
import { StatusError } from "../../base/errors.ts";
import type { Objects } from "../storage/objects.ts";
import { notFound } from "../storage/objects.ts";

const immortal = new Set(["default", "kube-system", "kube-public"]);
const isNamespace = (resource: { group: string; plural: string }): boolean =>
  resource.group === "" && resource.plural === namespaces.plural;

export function createNamespaceLifecycle(objects: Objects): AdmissionPlugin {
  return {
    name: "NamespaceLifecycle",
    matches: ({ resource, operation, subresource }) =>
      (operation === "CREATE" && resource.namespaced && subresource === "") ||
      (operation === "DELETE" && isNamespace(resource)),
    async validate({ operation, resource, name, namespace = "" }) {
      if (operation === "DELETE") return refuseImmortal(name);
      const entry = await objects.find(namespaces, undefined, namespace);
      if (!entry) throw notFound(namespaces, namespace);
      if (!entry.object.metadata?.deletionTimestamp) return;
      const message = `${resource.plural} "${name}" is forbidden: unable to create new content in namespace ${namespace} because it is being terminated`;
      const cause = {
        reason: "NamespaceTerminating",
        message: `namespace ${namespace} is being terminated`,
        field: "metadata.namespace",
      };
      throw new StatusError("Forbidden", message, { name, kind: resource.plural, causes: [cause] });
    },
  };
}

function refuseImmortal(name: string): void {
  if (!immortal.has(name)) return;
  throw new StatusError("Forbidden", `namespaces "${name}" is forbidden: this namespace may not be deleted`, {
    name,
    kind: "namespaces",
  });
}
