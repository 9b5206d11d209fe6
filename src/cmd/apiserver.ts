/** `vmpod apiserver`: flags and files to a running API server, with the VM extension inside it. */
import { readFile } from "node:fs/promises";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { kubeVirts } from "../../api/kubevirt/resources.ts";
import { builtinDefinitions } from "../apimachinery/schema/builtin-schemas.ts";
import { messageFields } from "../apiserver/protobuf/fields.ts";
import { type Apiserver, runApiserver } from "../apiserver/server.ts";
import { createLogger, type Logger } from "../base/log.ts";
import { createClient } from "../client/create-client.ts";
import { createInformer } from "../client/create-informer.ts";
import { loadKubeconfig } from "../client/kubeconfig.ts";
import { become, userFrom } from "../embedded/unprivileged.ts";
import { createExtension } from "../extension/extension.ts";
import { nodeMetricsSource } from "./node-metrics.ts";
import { ensureServiceAccountKey } from "../pki/service-account.ts";
import { followLogVerbosity, liveConfiguration } from "../runtime/virt-configuration.ts";
import { openSqliteStore } from "../store/sqlite.ts";
import { aborted, untilTerminated } from "./terminate.ts";

const options = {
  "data-dir": { type: "string", default: "/var/lib/vmpod" },
  "bind-address": { type: "string", default: "0.0.0.0" },
  port: { type: "string", default: "6443" },
  "advertise-address": { type: "string", default: "127.0.0.1" },
  "tls-cert": { type: "string" },
  "tls-key": { type: "string" },
  "client-ca": { type: "string" },
  "service-account-key-dir": { type: "string" },
  /** One for each family, separated by a comma. */
  "service-cidr": { type: "string", default: "10.43.0.0/16" },
  "kubelet-client-cert": { type: "string" },
  "kubelet-client-key": { type: "string" },
  /** Identity of the VM extension; with it and the node client pair, `subresources.kubevirt.io` is served too. */
  "extension-kubeconfig": { type: "string" },
  "node-api-client-cert": { type: "string" },
  "node-api-client-key": { type: "string" },
  instance: { type: "string", default: "vmpod" },
  /** Number of the user to go on as, once everything is read and open. */
  "run-as": { type: "string" },
} as const;

export async function run(argv: readonly string[]): Promise<number> {
  const server = await startApiserver(argv);
  const signal = untilTerminated();
  await aborted(signal);
  await server.close();
  return 0;
}

export async function startApiserver(argv: readonly string[]): Promise<Apiserver> {
  const { values } = parseArgs({ args: [...argv], options });
  const pki = join(values["data-dir"], "pki");
  const file = (given: string | undefined, name: string): Promise<string> => readFile(given ?? join(pki, name), "utf8");
  mkdirSync(join(values["data-dir"], "store"), { recursive: true, mode: 0o700 });
  const store = await openSqliteStore(join(values["data-dir"], "store", "state.db"));
  const clientCaPem = await file(values["client-ca"], "ca.crt");
  const kubelet = {
    certificatePem: await file(values["kubelet-client-cert"], "kubelet-client.crt"),
    keyPem: await file(values["kubelet-client-key"], "kubelet-client.key"),
    caPem: clientCaPem,
  };
  const user = values["run-as"] === undefined ? undefined : userFrom(values["run-as"]);
  const log = createLogger("apiserver");
  const extension = await virtualMachineExtension(values, file, clientCaPem, log);
  const server = await runApiserver({
    ...(extension && { admission: extension.admission, delegates: [extension.delegate] }),
    metricSources: extension ? [extension.nodeMetrics] : [],
    kubelet,
    store,
    bindAddress: values["bind-address"],
    port: Number(values.port),
    advertiseAddress: values["advertise-address"],
    certificatePem: await file(values["tls-cert"], "apiserver.crt"),
    keyPem: await file(values["tls-key"], "apiserver.key"),
    clientCaPem,
    serviceAccountKey: await ensureServiceAccountKey(values["service-account-key-dir"] ?? pki),
    serviceCidrs: values["service-cidr"].split(","),
    log,
  });
  // Read over the API like everybody else: it must answer first.
  extension?.startReadingConfiguration();
  if (user !== undefined) {
    loadTables();
    become(user);
  }
  return server;
}

async function virtualMachineExtension(
  values: { "extension-kubeconfig"?: string; "node-api-client-cert"?: string; "node-api-client-key"?: string },
  file: (given: string | undefined, name: string) => Promise<string>,
  ca: string,
  log: Logger,
) {
  if (values["extension-kubeconfig"] === undefined) return undefined;
  const config = await loadKubeconfig(values["extension-kubeconfig"]);
  const client = createClient({ ...config, userAgent: "vmpod-extension" });
  const kubevirts = createInformer(client, kubeVirts);
  followLogVerbosity(kubevirts, ({ virtAPI }) => virtAPI);
  const agentTls = {
    ca,
    cert: await file(values["node-api-client-cert"], "node-api-client.crt"),
    key: await file(values["node-api-client-key"], "node-api-client.key"),
  };
  const extension = createExtension({
    client,
    agentTls: () => agentTls,
    configuration: liveConfiguration(kubevirts),
    log,
  });
  const nodeMetrics = nodeMetricsSource({ client, agentTls: () => agentTls });
  return { ...extension, nodeMetrics, startReadingConfiguration: () => kubevirts.start(new AbortController().signal) };
}

/** What is otherwise read when it is first asked for. */
function loadTables(): void {
  builtinDefinitions();
  messageFields("");
}

if (process.argv[1] === import.meta.filename) process.exit(await run(process.argv.slice(2)));
