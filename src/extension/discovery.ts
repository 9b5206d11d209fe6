/** How `subresources.kubevirt.io` shows in discovery: names only, as upstream; there are no objects. */
import type { DelegatedResource } from "../../api/admission.ts";
import { endpoints } from "./subresources/endpoints.ts";

export function discoveredResources(): DelegatedResource[] {
  const verbs = { GET: "get", PUT: "update" } as const;
  const shared = endpoints.map(({ plural, subresource, method, verb }) =>
    resource(`${plural}/${subresource}`, verb ?? verbs[method], true),
  );
  return [
    ...shared,
    resource("expand-vm-spec", "update", true),
    resource("version", "get", false),
    resource("healthz", "get", false),
    resource("guestfs", "get", false),
  ];
}

function resource(name: string, verb: string, namespaced: boolean): DelegatedResource {
  return { name, singularName: "", namespaced, kind: "", verbs: [verb] };
}
