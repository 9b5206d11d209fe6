/** `vmpod apiserver`: flags and files to a running API server. */
import { readFile } from "node:fs/promises";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Apiserver, runApiserver } from "../apiserver/server.ts";
import { createLogger } from "../base/log.ts";
import { ensureServiceAccountKey } from "../pki/service-account.ts";
import { openSqliteStore } from "../store/sqlite.ts";

const options = {
  "data-dir": { type: "string", default: "/var/lib/vmpod" },
  "bind-address": { type: "string", default: "0.0.0.0" },
  port: { type: "string", default: "6443" },
  "advertise-address": { type: "string", default: "127.0.0.1" },
  "tls-cert": { type: "string" },
  "tls-key": { type: "string" },
  "client-ca": { type: "string" },
  "service-account-key-dir": { type: "string" },
  "service-cidr": { type: "string", default: "10.43.0.0/16" },
  "kubelet-client-cert": { type: "string" },
  "kubelet-client-key": { type: "string" },
  instance: { type: "string", default: "vmpod" },
} as const;

export const apiserverCommand = {
  name: "apiserver",
  summary: "Serve the Kubernetes API",
  async run(argv: readonly string[]): Promise<void> {
    const server = await startApiserver(argv);
    const stop = (): void => void server.close().then(() => process.exit(0));
    process.once("SIGTERM", stop);
    process.once("SIGINT", stop);
  },
};

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
  return runApiserver({
    kubelet,
    store,
    bindAddress: values["bind-address"],
    port: Number(values.port),
    advertiseAddress: values["advertise-address"],
    certificatePem: await file(values["tls-cert"], "apiserver.crt"),
    keyPem: await file(values["tls-key"], "apiserver.key"),
    clientCaPem,
    serviceAccountKey: await ensureServiceAccountKey(values["service-account-key-dir"] ?? pki),
    serviceCidr: values["service-cidr"],
    log: createLogger("apiserver"),
  });
}

if (process.argv[1] === import.meta.filename) await apiserverCommand.run(process.argv.slice(2));
