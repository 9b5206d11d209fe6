/**
 * Who is who inside one instance: the authority, the servers' certificates and a client identity for each process.
 * Each process gets only what it needs; RBAC (src/apiserver/rbac/bootstrap) says what each identity may do.
 */
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  clusterDnsOf,
  type Instance,
  type KubeconfigIdentity,
  nodeAddressOf,
  nthAddress,
  pathsOf,
} from "../base/instance.ts";
import { ensureCa } from "../pki/authority.ts";
import { type CertificateRequest, ensureCertificate } from "../pki/certificate.ts";
import { writeKubeconfig } from "../pki/kubeconfig.ts";
import { ensureServiceAccountKey } from "../pki/service-account.ts";

/** Client identities that get a kubeconfig. */
function kubeconfigIdentities(instance: Instance): Record<KubeconfigIdentity, CertificateRequest> {
  return {
    admin: { commonName: "kubernetes-admin", organizations: ["system:masters"], usages: ["client"] },
    controller: { commonName: "system:vmpod:controller", usages: ["client"] },
    extension: { commonName: "system:vmpod:extension", usages: ["client"] },
    agent: { commonName: `system:node:${instance.nodeName}`, organizations: ["system:nodes"], usages: ["client"] },
  };
}

function serverCertificate(instance: Instance): CertificateRequest {
  return {
    commonName: "vmpod-apiserver",
    dnsNames: [
      "localhost",
      "kubernetes",
      "kubernetes.default",
      "kubernetes.default.svc",
      `kubernetes.default.svc.${instance.clusterDomain}`,
      instance.nodeName,
    ],
    ipAddresses: ["127.0.0.1", nthAddress(instance.serviceCidr, 1), nodeAddressOf(instance)],
    usages: ["server"],
  };
}

function agentServerCertificate(instance: Instance): CertificateRequest {
  return {
    commonName: `system:node:${instance.nodeName}`,
    organizations: ["system:nodes"],
    dnsNames: ["localhost", instance.nodeName],
    ipAddresses: ["127.0.0.1", nodeAddressOf(instance), clusterDnsOf(instance)],
    usages: ["server"],
  };
}

/** Where each process finds its key material. All PEM. */
export function credentialFiles(instance: Instance) {
  const file = (name: string) => join(pathsOf(instance).pki, name);
  return {
    ca: file("ca.crt"),
    serviceAccountKey: file("sa.key"),
    apiserver: { cert: file("apiserver.crt"), key: file("apiserver.key") },
    /** The API server's own identity towards the kubelet. */
    kubeletClient: { cert: file("kubelet-client.crt"), key: file("kubelet-client.key") },
    /** The subresource API's identity towards the node agent. */
    nodeApiClient: { cert: file("node-api-client.crt"), key: file("node-api-client.key") },
    agentServer: { cert: file("agent.crt"), key: file("agent.key") },
  };
}

/** Makes what is missing, replaces what is about to expire, leaves the rest. */
export async function ensureCredentials(instance: Instance): Promise<void> {
  const { pki, kubeconfig } = pathsOf(instance);
  await mkdir(dirname(kubeconfig("admin")), { recursive: true, mode: 0o700 });
  const authority = await ensureCa(pki);
  const issue = (name: string, request: CertificateRequest) => ensureCertificate(authority, pki, name, request);
  await Promise.all([
    ensureServiceAccountKey(pki),
    issue("apiserver", serverCertificate(instance)),
    issue("agent", agentServerCertificate(instance)),
    issue("kubelet-client", {
      commonName: "kube-apiserver-kubelet-client",
      organizations: ["vmpod:kubelet-api"],
      usages: ["client"],
    }),
    issue("node-api-client", {
      commonName: "vmpod-api-extension",
      organizations: ["vmpod:node-api"],
      usages: ["client"],
    }),
    ...Object.entries(kubeconfigIdentities(instance)).map(async ([name, request]) => {
      const pair = await issue(`${name}-client`, request);
      await writeKubeconfig(kubeconfig(name as KubeconfigIdentity), {
        name: name === "admin" ? instance.name : `${instance.name}-${name}`,
        server: `https://127.0.0.1:${instance.apiPort}`,
        certificateAuthorityPem: authority.certificatePem,
        clientCertificatePem: pair.certificatePem,
        clientKeyPem: pair.keyPem,
      });
    }),
  ]);
}
