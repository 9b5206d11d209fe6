/**
 * Who is who in the cluster. Three authorities, as kubeadm has them, so that none vouches for another's business:
 *
 *   ca           components, nodes, serving certificates
 *   front-proxy  the API server towards aggregated API servers
 *   etcd         etcd and its one client
 */
import { createPublicKey } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writeAtomically } from "../../src/base/files.ts";
import { type Authority, ensureCa } from "../../src/pki/authority.ts";
import { type CertificateRequest, ensureCertificate, issueCertificate } from "../../src/pki/certificate.ts";
import { writeKubeconfig } from "../../src/pki/kubeconfig.ts";
import { ensureServiceAccountKey } from "../../src/pki/service-account.ts";
import { type ClusterPlan, kubeconfigOf, pkiDir } from "./plan.ts";

/** The users of the API by the file name of their kubeconfig. */
const users: Record<string, CertificateRequest> = {
  admin: { commonName: "kubernetes-admin", organizations: ["system:masters"], usages: ["client"] },
  "controller-manager": { commonName: "system:kube-controller-manager", usages: ["client"] },
  scheduler: { commonName: "system:kube-scheduler", usages: ["client"] },
  proxy: { commonName: "system:kube-proxy", usages: ["client"] },
  dns: { commonName: "system:cluster-dns", usages: ["client"] },
};

export async function makePki(plan: ClusterPlan): Promise<void> {
  const directory = pkiDir(plan);
  const [ca, frontProxy, etcd] = await Promise.all([
    ensureCa(join(directory, "ca"), "kubernetes-ca"),
    ensureCa(join(directory, "front-proxy"), "front-proxy-ca"),
    ensureCa(join(directory, "etcd"), "etcd-ca"),
    makeServiceAccountKeys(directory),
  ]);
  await Promise.all([
    ensureCertificate(ca, directory, "apiserver", apiserverRequest(plan)),
    ensureCertificate(ca, directory, "kubelet-client", {
      commonName: "kube-apiserver-kubelet-client",
      organizations: ["system:masters"],
      usages: ["client"],
    }),
    ensureCertificate(frontProxy, directory, "front-proxy-client", {
      commonName: "front-proxy-client",
      usages: ["client"],
    }),
    ensureCertificate(etcd, directory, "etcd", {
      commonName: "etcd",
      ipAddresses: ["127.0.0.1"],
      usages: ["server", "client"],
    }),
    ensureCertificate(etcd, directory, "etcd-client", { commonName: "kube-apiserver", usages: ["client"] }),
    ...plan.nodes.map(({ name, ip }) =>
      ensureCertificate(ca, directory, name, {
        commonName: `system:node:${name}`,
        organizations: ["system:nodes"],
        dnsNames: [name],
        ipAddresses: [ip],
        usages: ["server", "client"],
      }),
    ),
  ]);
  await writeKubeconfigs(plan, ca);
}

/** kube-apiserver wants the public half as a file of its own. */
async function makeServiceAccountKeys(directory: string): Promise<void> {
  await ensureServiceAccountKey(directory);
  const path = join(directory, "sa.key");
  const publicPem = createPublicKey(await readFile(path, "utf8"))
    .export({ type: "spki", format: "pem" })
    .toString();
  await writeAtomically(join(directory, "sa.pub"), publicPem, 0o644);
}

function apiserverRequest(plan: ClusterPlan): CertificateRequest {
  const service = ["kubernetes", "kubernetes.default", "kubernetes.default.svc"];
  return {
    commonName: "kube-apiserver",
    dnsNames: ["localhost", ...service, `kubernetes.default.svc.${plan.clusterDomain}`],
    ipAddresses: ["127.0.0.1", plan.controlPlaneIp, plan.apiServiceIp],
    usages: ["server"],
  };
}

async function writeKubeconfigs(plan: ClusterPlan, ca: Authority): Promise<void> {
  const nodes = plan.nodes.map(({ name }): [string, CertificateRequest] => [
    name,
    { commonName: `system:node:${name}`, organizations: ["system:nodes"], usages: ["client"] },
  ]);
  await mkdir(dirname(kubeconfigOf(plan, "admin")), { recursive: true });
  for (const [identity, request] of [...Object.entries(users), ...nodes]) {
    const pair = await issueCertificate(ca, request);
    await writeKubeconfig(kubeconfigOf(plan, identity), {
      name: plan.name,
      server: plan.server,
      certificateAuthorityPem: ca.certificatePem,
      clientCertificatePem: pair.certificatePem,
      clientKeyPem: pair.keyPem,
    });
  }
}
