import { stringify } from "yaml";
import { writeAtomically } from "../base/files.ts";

export interface KubeconfigContent {
  /** Name of the cluster, the user and the context. */
  name: string;
  server: string;
  certificateAuthorityPem: string;
  clientCertificatePem?: string;
  clientKeyPem?: string;
  token?: string;
  namespace?: string;
}

/** Writes a kubeconfig with one context that only its owner can read. */
export async function writeKubeconfig(path: string, content: KubeconfigContent): Promise<void> {
  await writeAtomically(path, renderKubeconfig(content), 0o600);
}

export function renderKubeconfig(content: KubeconfigContent): string {
  const { name, server, namespace, token } = content;
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    clusters: [{ name, cluster: { server, "certificate-authority-data": base64(content.certificateAuthorityPem) } }],
    users: [
      {
        name,
        user: {
          "client-certificate-data": base64(content.clientCertificatePem),
          "client-key-data": base64(content.clientKeyPem),
          token,
        },
      },
    ],
    contexts: [{ name, context: { cluster: name, user: name, namespace } }],
  });
}

function base64(pem: string | undefined): string | undefined {
  return pem === undefined ? undefined : Buffer.from(pem).toString("base64");
}
