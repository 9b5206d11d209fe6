/** Which certificates vmpod's parts need in a cluster, and in which Secrets they look for them. */
import { agentServerName, certificateSecrets, extensionService, nodeApiGroup } from "../../base/cluster-names.ts";
import type { CertificateRequest } from "../../pki/certificate.ts";

export interface Leaf {
  /** Name of the Secret. */
  secretName: string;
  request: CertificateRequest;
}

export function leavesOf(namespace: string): Leaf[] {
  return [
    {
      secretName: certificateSecrets.extensionServer,
      request: { commonName: extensionService, dnsNames: serviceNames(namespace), usages: ["server"] },
    },
    {
      secretName: certificateSecrets.agentServer,
      request: { commonName: agentServerName, dnsNames: [agentServerName], usages: ["server"] },
    },
    {
      secretName: certificateSecrets.nodeApiClient,
      request: { commonName: extensionService, organizations: [nodeApiGroup], usages: ["client"] },
    },
  ];
}

function serviceNames(namespace: string): string[] {
  const inNamespace = `${extensionService}.${namespace}`;
  return [extensionService, inNamespace, `${inNamespace}.svc`, `${inNamespace}.svc.cluster.local`];
}
