/** Credential plugins (`users[].user.exec`): a program prints an ExecCredential with a token or a certificate. */
import { resolve } from "node:path";
import { exec } from "../base/exec.ts";
import type { ClientConfig } from "./config.ts";

export interface ExecPlugin {
  apiVersion?: string;
  command: string;
  args?: string[];
  env?: { name: string; value: string }[] | null;
}

interface ExecCredentialStatus {
  expirationTimestamp?: string;
  token?: string;
  clientCertificateData?: string;
  clientKeyData?: string;
}

/** Ask again this long before the credential ends. */
const expiryMarginMs = 60_000;

export async function execCredential(
  plugin: ExecPlugin,
  where: { directory: string; env: NodeJS.ProcessEnv },
): Promise<Partial<ClientConfig>> {
  let current = await runPlugin(plugin, where);
  const token = async () => {
    if (hasExpired(current)) current = await runPlugin(plugin, where);
    return current.token ?? "";
  };
  return {
    clientCertificate: current.clientCertificateData,
    clientKey: current.clientKeyData,
    ...(current.token && { token }),
  };
}

async function runPlugin(
  plugin: ExecPlugin,
  { directory, env }: { directory: string; env: NodeJS.ProcessEnv },
): Promise<ExecCredentialStatus> {
  const command = plugin.command.includes("/") ? resolve(directory, plugin.command) : plugin.command;
  const request = {
    apiVersion: plugin.apiVersion ?? "client.authentication.k8s.io/v1",
    kind: "ExecCredential",
    spec: { interactive: false },
  };
  const output = await exec([command, ...(plugin.args ?? [])], {
    env: {
      ...env,
      ...Object.fromEntries((plugin.env ?? []).map(({ name, value }) => [name, value])),
      KUBERNETES_EXEC_INFO: JSON.stringify(request),
    },
  });
  const { status } = JSON.parse(output) as { status?: ExecCredentialStatus };
  if (!status?.token && !status?.clientCertificateData) {
    throw new Error(
      `credential plugin ${command}: its answer has neither status.token nor status.clientCertificateData`,
    );
  }
  return status;
}

function hasExpired({ expirationTimestamp }: ExecCredentialStatus): boolean {
  return expirationTimestamp !== undefined && Date.parse(expirationTimestamp) - expiryMarginMs < Date.now();
}
