/** What vmpod's own processes may do: no more than what they use. */
import { read, rule, urls } from "../../../../api/policy-rules.ts";
import type { BootstrapRole } from "./role.ts";

const events = [
  rule("", "events", ["create", "patch", "update"]),
  rule("events.k8s.io", "events", ["create", "patch", "update"]),
];
const change = ["create", "delete", "patch", "update"];
const status = ["patch", "update"];

export const componentRoles: Readonly<Record<string, BootstrapRole>> = {
  /** Controllers of workloads and virtual machines. */
  "system:vmpod:controller": {
    rules: [
      ...events,
      // The garbage collector and the namespace controller see and remove objects of any kind.
      rule("*", "*", [...read, "delete", "deletecollection", "patch"]),
      rule(
        "",
        "pods pods/binding pods/eviction endpoints persistentvolumes persistentvolumeclaims serviceaccounts configmaps",
        ["create", "update"],
      ),
      rule(
        "",
        "pods/status persistentvolumes/status persistentvolumeclaims/status namespaces/status namespaces/finalize nodes/status",
        status,
      ),
      rule("apps", "deployments replicasets statefulsets daemonsets controllerrevisions", ["create", "update"]),
      rule(
        "apps",
        "deployments/status replicasets/status statefulsets/status daemonsets/status deployments/finalizers replicasets/finalizers",
        status,
      ),
      rule("batch", "jobs jobs/status cronjobs/status", ["create", "update"]),
      rule("discovery.k8s.io", "endpointslices", ["create", "update"]),
      rule("coordination.k8s.io", "leases", ["create", "update"]),
      rule("policy", "poddisruptionbudgets", ["create", "update"]),
      rule("policy", "poddisruptionbudgets/status", status),
      rule("kubevirt.io", "*", ["create", "update"]),
      ...["snapshot", "clone", "export", "pool", "instancetype", "migrations", "backup", "cdi"].map((name) =>
        rule(`${name}.kubevirt.io`, "*", ["create", "update"]),
      ),
      rule("vmpod.dev", "*", ["create", "update"]),
    ],
  },
  /** Admission and subresources of virtual machines, inside the API server's process. */
  "system:vmpod:extension": {
    rules: [
      rule("kubevirt.io", "*", [...read, "patch", "update"]),
      rule("kubevirt.io", "virtualmachineinstancemigrations", ["create"]),
      rule("", "nodes pods persistentvolumeclaims namespaces", read),
      rule("instancetype.kubevirt.io", "*", read),
      rule("apps", "controllerrevisions", read),
      rule("cdi.kubevirt.io", "*", read),
    ],
  },
  /** Every node; what concerns single objects is narrowed by the node authorizer (rbac/node.ts). */
  "system:node": {
    rules: [
      ...events,
      rule("", "nodes", [...read, "create", "patch", "update", "delete"]),
      rule("", "nodes/status pods/status", status),
      rule("", "pods", [...read, "delete"]),
      rule("", "services endpoints namespaces persistentvolumes persistentvolumeclaims", read),
      rule("", "persistentvolumes", ["delete", "patch", "update"]),
      rule("", "persistentvolumes/status persistentvolumeclaims/status", status),
      rule("discovery.k8s.io", "endpointslices", read),
      rule("networking.k8s.io", "networkpolicies", read),
      rule("k8s.cni.cncf.io", "network-attachment-definitions", read),
      rule("coordination.k8s.io", "leases", [...read, ...change]),
      rule("storage.k8s.io", "csinodes csidrivers storageclasses volumeattachments", read),
      rule("node.k8s.io", "runtimeclasses", read),
      rule("kubevirt.io", "virtualmachineinstances virtualmachines virtualmachineinstancemigrations kubevirts", read),
      rule("kubevirt.io", "virtualmachineinstances virtualmachineinstances/status", status),
      // What an agent measured at its end.
      rule("kubevirt.io", "virtualmachineinstancemigrations", ["patch"]),
      rule("authentication.k8s.io", "tokenreviews", ["create"]),
      rule("authorization.k8s.io", "subjectaccessreviews", ["create"]),
    ],
  },
  /** Metrics scrapers. */
  "system:monitoring": { rules: [urls(["/metrics", "/healthz", "/livez", "/readyz"])] },
};
