/**
 * A program: `vmpod apiserver`, but its admission takes vmpod's components for whom they are in a cluster. There the same code answers
 * behind webhooks.
 */
import { readFile } from "node:fs/promises";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runApiserver } from "../../src/apiserver/server.ts";
import { defaultNamespace } from "../../src/base/cluster-names.ts";
import { createLogger } from "../../src/base/log.ts";
import { createClient } from "../../src/client/create-client.ts";
import { loadKubeconfig } from "../../src/client/kubeconfig.ts";
import { clusterComponents } from "../../src/extension/admission/own-components.ts";
import { createExtension } from "../../src/extension/extension.ts";
import { ensureServiceAccountKey } from "../../src/pki/service-account.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";

const options = { "data-dir": { type: "string" }, port: { type: "string" }, kubeconfig: { type: "string" } } as const;
const { "data-dir": dataDir = "", port = "", kubeconfig = "" } = parseArgs({ options }).values;
const pki = join(dataDir, "pki");
const file = (name: string): Promise<string> => readFile(join(pki, name), "utf8");
const log = createLogger("apiserver");

mkdirSync(join(dataDir, "store"), { recursive: true });
const extension = createExtension({
  client: createClient(await loadKubeconfig(kubeconfig)),
  agentTls: () => ({}),
  isOwnComponent: clusterComponents(defaultNamespace),
  log,
});
await runApiserver({
  admission: extension.admission,
  delegates: [extension.delegate],
  store: await openSqliteStore(join(dataDir, "store", "state.db")),
  bindAddress: "127.0.0.1",
  port: Number(port),
  advertiseAddress: "127.0.0.1",
  certificatePem: await file("apiserver.crt"),
  keyPem: await file("apiserver.key"),
  clientCaPem: await file("ca.crt"),
  serviceAccountKey: await ensureServiceAccountKey(pki),
  serviceCidrs: ["10.43.0.0/16"],
  log,
});
