/** Cluster DNS: the project's own server in the control plane, behind the Service `kube-dns` that kubelets give to pods. */
import { isStatus } from "../../src/base/errors.ts";
import type { Client } from "../../src/client/client.ts";
import { type Machine, startDaemon } from "./machine.ts";
import { type ClusterPlan, kubeconfigOf } from "./plan.ts";

export async function startDns(machine: Machine, plan: ClusterPlan, client: Client): Promise<void> {
  for (const [path, object] of dnsObjects(plan)) await create(client, path, object);
  const program = new URL("dns-process.ts", import.meta.url).pathname;
  const argv = [process.execPath, program, kubeconfigOf(plan, "dns"), plan.controlPlaneIp, plan.clusterDomain];
  startDaemon(machine, plan, "dns", argv);
}

async function create(client: Client, path: string, object: object): Promise<void> {
  await client.request("POST", path, object).catch((error: unknown) => {
    if (!isStatus(error, "AlreadyExists")) throw error;
  });
}

/** By the path of their collection. */
export function dnsObjects({ dnsServiceIp, controlPlaneIp }: ClusterPlan): [path: string, object: object][] {
  const rbac = "/apis/rbac.authorization.k8s.io/v1";
  const name = "system:cluster-dns";
  const verbs = ["get", "list", "watch"];
  const ports = [
    { name: "dns", protocol: "UDP", port: 53 },
    { name: "dns-tcp", protocol: "TCP", port: 53 },
  ];
  const metadata = { name: "kube-dns", namespace: "kube-system" };
  return [
    [
      `${rbac}/clusterroles`,
      {
        metadata: { name },
        rules: [
          { apiGroups: [""], resources: ["services", "namespaces"], verbs },
          { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs },
        ],
      },
    ],
    [
      `${rbac}/clusterrolebindings`,
      {
        metadata: { name },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
        subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name }],
      },
    ],
    ["/api/v1/namespaces/kube-system/services", { metadata, spec: { clusterIP: dnsServiceIp, ports } }],
    [
      "/api/v1/namespaces/kube-system/endpoints",
      { metadata, subsets: [{ addresses: [{ ip: controlPlaneIp }], ports }] },
    ],
  ];
}
