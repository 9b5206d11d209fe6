/** Who a pod is and where its cluster's API answers: from the environment and files that every kubelet gives it. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { ClientConfig } from "./config.ts";

const serviceAccountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount";

/** @throws Error when this process does not run in a pod */
export async function loadInClusterConfig(
  directory = serviceAccountDirectory,
  env: NodeJS.ProcessEnv = process.env,
): Promise<ClientConfig> {
  const host = env["KUBERNETES_SERVICE_HOST"];
  const port = env["KUBERNETES_SERVICE_PORT"] ?? "443";
  if (!host)
    throw new Error("KUBERNETES_SERVICE_HOST is not set: this process does not run in a pod; pass --kubeconfig");
  return {
    server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    certificateAuthority: await readFile(join(directory, "ca.crt"), "utf8"),
    namespace: (await readFile(join(directory, "namespace"), "utf8")).trim(),
    token: rotatingToken(join(directory, "token")),
  };
}

/** The kubelet replaces the file long before the token ends; it is read again only when it was. */
function rotatingToken(path: string): () => Promise<string> {
  let current = { version: "", token: "" };
  return async () => {
    const { ino, mtimeNs } = await stat(path, { bigint: true });
    const version = `${ino}/${mtimeNs}`;
    if (current.version !== version) current = { version, token: (await readFile(path, "utf8")).trim() };
    return current.token;
  };
}
