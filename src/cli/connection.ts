import type { Command } from "commander";
import type { Client } from "../client/client.ts";
import type { ClientConfig } from "../client/config.ts";
import { createClient } from "../client/create-client.ts";
import { loadKubeconfig } from "../client/kubeconfig.ts";
import { findKubeconfig } from "./kubeconfig/find.ts";
import type { GlobalOptions } from "./program.ts";

/** The cluster that a command talks to, and the namespace it means. */
export interface Connection {
  config: ClientConfig;
  client: Client;
  namespace: string;
}

/** Connects as the command's global options say, does the work, and closes the connection. */
export async function withConnection<T>(command: Command, work: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await connect(command.optsWithGlobals<GlobalOptions>());
  try {
    return await work(connection);
  } finally {
    connection.client.close();
  }
}

async function connect(options: GlobalOptions): Promise<Connection> {
  const config = { ...(await loadConfig(options)), userAgent: "vmpod" };
  return { config, client: createClient(config), namespace: options.namespace ?? config.namespace ?? "default" };
}

export async function loadConfig({ kubeconfig, context }: GlobalOptions): Promise<ClientConfig> {
  const choice = findKubeconfig({ flag: kubeconfig });
  return loadKubeconfig(choice.from === "env" ? undefined : choice.path, { context });
}

/** The namespace that a command means; needs no server. */
export async function namespaceOf(options: GlobalOptions): Promise<string> {
  return options.namespace ?? (await loadConfig(options)).namespace ?? "default";
}
