/** Where the kubelet of a pod is, and how the API server speaks to it. */
import { nodes } from "../../../api/core.ts";
import { StatusError } from "../../base/errors.ts";
import type { Upstream, UpstreamTls } from "../../streams/upstream.ts";
import { list, number, text } from "../registry/field.ts";
import type { Objects } from "../storage/objects.ts";

export interface KubeletClient {
  /** Address and TLS for a path on the node's kubelet. @throws StatusError when the node cannot be reached by its status */
  upstream(nodeName: string, path: string): Promise<Upstream & { host: string; port: number; tls: UpstreamTls }>;
}

export interface KubeletCredentials {
  certificatePem: string;
  keyPem: string;
  /** Signs the kubelets' serving certificates. */
  caPem: string;
}

const defaultKubeletPort = 10_250;

export function createKubeletClient(objects: Objects, credentials: KubeletCredentials | undefined): KubeletClient {
  return {
    async upstream(nodeName, path) {
      if (!credentials)
        throw new StatusError("ServiceUnavailable", "the API server has no client certificate for kubelets");
      const node = (await objects.find(nodes, undefined, nodeName))?.object;
      const address = list(node, "status", "addresses").find((each) => each["type"] === "InternalIP");
      const host = text(address, "address");
      if (host === "")
        throw new StatusError(
          "ServiceUnavailable",
          `node "${nodeName}" has no InternalIP in its status: its kubelet cannot be reached`,
        );
      const port = number(node, "status", "daemonEndpoints", "kubeletEndpoint", "Port") || defaultKubeletPort;
      const { caPem, certificatePem, keyPem } = credentials;
      return { host, port, path, tls: { ca: caPem, cert: certificatePem, key: keyPem } };
    },
  };
}
