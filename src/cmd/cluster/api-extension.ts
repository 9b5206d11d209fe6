/** `vmpod cluster-api-extension`: webhooks and `subresources.kubevirt.io` of a cluster, from flags and mounted Secrets. */
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { kubeVirts } from "../../../api/kubevirt/resources.ts";
import { agentServerName, defaultNamespace } from "../../base/cluster-names.ts";
import { createLogger, setLogLevel } from "../../base/log.ts";
import { programVersion } from "../../base/version.ts";
import { createClient } from "../../client/create-client.ts";
import { createInformer } from "../../client/create-informer.ts";
import { loadInClusterConfig } from "../../client/in-cluster.ts";
import { loadKubeconfig } from "../../client/kubeconfig.ts";
import { clusterComponents } from "../../extension/admission/own-components.ts";
import { createExtension } from "../../extension/extension.ts";
import { startExtensionServer } from "../../extension/server/server.ts";
import { type FollowedKeyPair, followKeyPair } from "../../pki/mounted-key-pair.ts";
import { followLogVerbosity, liveConfiguration } from "../../runtime/virt-configuration.ts";
import { aborted, untilTerminated } from "../terminate.ts";

const options = {
  namespace: { type: "string", default: defaultNamespace },
  port: { type: "string", default: "8443" },
  /** Every address of the machine when absent. */
  "bind-address": { type: "string" },
  "tls-dir": { type: "string", default: "/etc/vmpod/tls" },
  "node-api-client-dir": { type: "string", default: "/etc/vmpod/node-api-client" },
  /** For API servers that were given an identity towards webhooks: only who may POST to their paths is answered. */
  "authorize-webhooks": { type: "boolean", default: false },
  /** How long a pod that was asked to end still answers those who have not heard of it. */
  "drain-seconds": { type: "string", default: "5" },
  /** For a process outside of the cluster. */
  kubeconfig: { type: "string" },
  "log-level": { type: "string" },
} as const;

/** Together with the draining less than the 30 s after which a pod is killed. */
const closeTimeoutMs = 20_000;

export async function run(argv: string[]): Promise<number> {
  const { values } = parseArgs({ args: argv, options });
  if (values["log-level"] !== undefined) setLogLevel(values["log-level"]);
  const log = createLogger("api-extension");
  const terminated = untilTerminated();
  const ended = new AbortController();
  const following = { log, signal: ended.signal };
  const config =
    values.kubeconfig === undefined ? await loadInClusterConfig() : await loadKubeconfig(values.kubeconfig);
  const client = createClient({ ...config, userAgent: "vmpod-api-extension" });
  const nodeApiPair = await followKeyPair(values["node-api-client-dir"], following);
  const kubevirts = createInformer(client, kubeVirts, { namespace: values.namespace });
  followLogVerbosity(kubevirts, ({ virtAPI }) => virtAPI);
  let isConfigured = false;
  const version = programVersion();
  const server = await startExtensionServer({
    extension: createExtension({
      client,
      agentTls: () => agentTlsOf(nodeApiPair),
      configuration: liveConfiguration(kubevirts),
      isOwnComponent: clusterComponents(values.namespace),
      version,
      log,
    }),
    client,
    servingPair: await followKeyPair(values["tls-dir"], following),
    ...(values["bind-address"] !== undefined && { address: values["bind-address"] }),
    port: Number(values.port),
    authorizeWebhooks: values["authorize-webhooks"],
    version,
    isReady: () => isConfigured,
    ...following,
  });
  kubevirts.start(ended.signal);
  await Promise.race([kubevirts.synced(), aborted(terminated)]);
  isConfigured = true;
  await aborted(terminated);
  log.info("draining");
  server.drain();
  await delay(Number(values["drain-seconds"]) * 1000);
  await server.close(closeTimeoutMs);
  ended.abort();
  client.close();
  return 0;
}

function agentTlsOf(pair: FollowedKeyPair) {
  const { certificatePem: cert, keyPem: key, caPem: ca } = pair.current();
  return { cert, key, ca, servername: agentServerName };
}
