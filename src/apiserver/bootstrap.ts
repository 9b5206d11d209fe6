/** What must exist before the first request: the system namespaces, and the roles of everybody. */
import { namespaces } from "../../api/core.ts";
import { InvariantError, isStatus } from "../base/errors.ts";
import type { Registry } from "./registry/registry.ts";
import type { Objects } from "./storage/objects.ts";
import { ensureBootstrapRbac } from "./rbac/bootstrap/ensure.ts";
import { newMeta } from "./verbs/new-meta.ts";

const systemNamespaces = ["default", "kube-system", "kube-public", "kube-node-lease"];

export async function bootstrap(objects: Objects, registry: Registry): Promise<void> {
  await ensureBootstrapRbac(objects, registry);
  const kind = registry.findAny(namespaces.group, namespaces.plural);
  if (!kind) throw new InvariantError("the kind Namespace is not registered");
  for (const name of systemNamespaces) {
    if (await objects.find(kind, undefined, name)) continue;
    const metadata = {
      name,
      ...newMeta(),
      labels: { "kubernetes.io/metadata.name": name },
    };
    const namespace = {
      apiVersion: "v1",
      kind: "Namespace",
      metadata,
      spec: { finalizers: ["kubernetes"] },
      status: { phase: "Active" },
    };
    await objects.create(kind, namespace).catch((error: unknown) => {
      if (!isStatus(error, "AlreadyExists")) throw error;
    });
  }
}
