/** The roles that people are given: cluster-admin, admin, edit, view, and what every caller may ask. */
import { everyVerb, read, rule, urls, write } from "../../../../api/policy-rules.ts";
import type { BootstrapRole } from "./role.ts";

const aggregateTo = (role: string): string => `rbac.authorization.k8s.io/aggregate-to-${role}`;
const workloads =
  "daemonsets deployments deployments/scale replicasets replicasets/scale statefulsets statefulsets/scale";

export const userRoles: Readonly<Record<string, BootstrapRole>> = {
  "cluster-admin": { rules: [rule("*", "*", everyVerb), urls(["*"], everyVerb)] },
  admin: { aggregates: aggregateTo("admin") },
  edit: { aggregates: aggregateTo("edit"), labels: { [aggregateTo("admin")]: "true" } },
  view: { aggregates: aggregateTo("view"), labels: { [aggregateTo("edit")]: "true" } },
  "system:aggregate-to-admin": {
    labels: { [aggregateTo("admin")]: "true" },
    rules: [
      rule("authorization.k8s.io", "localsubjectaccessreviews", ["create"]),
      rule("rbac.authorization.k8s.io", "roles rolebindings", [...read, ...write]),
    ],
  },
  "system:aggregate-to-edit": {
    labels: { [aggregateTo("edit")]: "true" },
    rules: [
      rule("", "pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy", read),
      rule("", "serviceaccounts", ["impersonate"]),
      rule("", "pods pods/attach pods/exec pods/portforward pods/proxy", write),
      rule("", "pods/eviction serviceaccounts/token", ["create"]),
      rule(
        "",
        "configmaps events persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets serviceaccounts services services/proxy",
        write,
      ),
      rule("apps", workloads, write),
      rule("batch", "cronjobs jobs", write),
      rule("networking.k8s.io", "ingresses networkpolicies", write),
      rule("policy", "poddisruptionbudgets", write),
    ],
  },
  "system:aggregate-to-view": {
    labels: { [aggregateTo("view")]: "true" },
    rules: [
      rule(
        "",
        "configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods pods/status pods/log replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status",
        read,
      ),
      rule("", "bindings events limitranges namespaces namespaces/status resourcequotas resourcequotas/status", read),
      rule("discovery.k8s.io", "endpointslices", read),
      rule("apps", `controllerrevisions ${workloads}`, read),
      rule("batch", "cronjobs jobs cronjobs/status jobs/status", read),
      rule("networking.k8s.io", "ingresses networkpolicies ingresses/status", read),
      rule("policy", "poddisruptionbudgets poddisruptionbudgets/status", read),
    ],
  },
  "system:basic-user": {
    rules: [
      rule("authorization.k8s.io", "selfsubjectaccessreviews selfsubjectrulesreviews", ["create"]),
      rule("authentication.k8s.io", "selfsubjectreviews", ["create"]),
    ],
  },
  "system:discovery": {
    rules: [
      urls([
        "/api",
        "/api/*",
        "/apis",
        "/apis/*",
        "/healthz",
        "/livez",
        "/openapi",
        "/openapi/*",
        "/readyz",
        "/version",
        "/version/",
      ]),
    ],
  },
  "system:public-info-viewer": { rules: [urls(["/healthz", "/livez", "/readyz", "/version", "/version/"])] },
  "system:service-account-issuer-discovery": {
    rules: [
      urls([
        "/.well-known/openid-configuration",
        "/.well-known/openid-configuration/",
        "/openid/v1/jwks",
        "/openid/v1/jwks/",
      ]),
    ],
  },
  "system:auth-delegator": {
    rules: [
      rule("authentication.k8s.io", "tokenreviews", ["create"]),
      rule("authorization.k8s.io", "subjectaccessreviews", ["create"]),
    ],
  },
};
