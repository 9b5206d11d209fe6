/** The project's own DNS server for a test cluster: `node dns-process.ts KUBECONFIG ADDRESS DOMAIN`. */
import { endpointSlices } from "../../api/discovery.ts";
import { createLogger } from "../../src/base/log.ts";
import { createClient } from "../../src/client/create-client.ts";
import { loadKubeconfig } from "../../src/client/kubeconfig.ts";
import { startClusterDns } from "../../src/workloads/dns/cluster-dns.ts";

const [kubeconfig, address = "", domain = ""] = process.argv.slice(2);
const client = createClient(await loadKubeconfig(kubeconfig));
const { preferredVersion } = await client.request<{ preferredVersion: { version: string } }>(
  "GET",
  "/apis/discovery.k8s.io",
);
await startClusterDns({
  client,
  domain,
  address,
  slices: { ...endpointSlices, version: preferredVersion.version },
  log: createLogger("dns"),
  signal: new AbortController().signal,
});
