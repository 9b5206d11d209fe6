/**
 * Reads kubeconfig files the way kubectl does: `KUBECONFIG` may list several (the first to define a name
 * wins), relative paths are relative to the file that has them, `*-data` wins over a file.
 */
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { parse } from "yaml";
import type { ClientConfig } from "./config.ts";
import { execCredential, type ExecPlugin } from "./exec-credential.ts";

export interface KubeconfigOptions {
  /** Default: the file's `current-context`. */
  context?: string;
  env?: NodeJS.ProcessEnv;
}

interface Cluster {
  server?: string;
  "certificate-authority"?: string;
  "certificate-authority-data"?: string;
  "insecure-skip-tls-verify"?: boolean;
  "tls-server-name"?: string;
}

interface User {
  "client-certificate"?: string;
  "client-certificate-data"?: string;
  "client-key"?: string;
  "client-key-data"?: string;
  token?: string;
  tokenFile?: string;
  exec?: ExecPlugin;
}

interface Kubeconfig {
  "current-context"?: string;
  clusters?: { name: string; cluster: Cluster }[];
  contexts?: { name: string; context: { cluster: string; user: string; namespace?: string } }[];
  users?: { name: string; user: User }[];
}

interface Located<T> {
  value: T;
  directory: string;
}

/** @param path default: `KUBECONFIG`, then `~/.kube/config` */
export async function loadKubeconfig(path?: string, options: KubeconfigOptions = {}): Promise<ClientConfig> {
  const env = options.env ?? process.env;
  const paths = path ? [path] : kubeconfigPaths(env);
  const files = await readAll(paths);
  const contextName = options.context ?? files.map((file) => file.value["current-context"]).find(Boolean);
  if (!contextName) throw new Error(`${paths.join(", ")}: no current-context; pass --context`);
  const context = find(files, "contexts", contextName, (entry) => entry.context).value;
  const cluster = find(files, "clusters", context.cluster, (entry) => entry.cluster);
  const user = find(files, "users", context.user, (entry) => entry.user);
  return { ...(await clusterConfig(cluster)), ...(await userConfig(user, env)), namespace: context.namespace };
}

/** The files that `loadKubeconfig` would read. */
export function kubeconfigPaths(env: NodeJS.ProcessEnv = process.env): string[] {
  const listed = (env["KUBECONFIG"] ?? "").split(delimiter).filter(Boolean);
  return listed.length > 0 ? listed : [join(env["HOME"] ?? homedir(), ".kube", "config")];
}

async function readAll(paths: string[]): Promise<Located<Kubeconfig>[]> {
  const files = await Promise.all(
    paths.map(async (path) => {
      const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
        // As kubectl: a missing member of the list is skipped, the others count.
        if (error.code === "ENOENT" && paths.length > 1) return undefined;
        throw new Error(`reading kubeconfig ${path}: ${error.message}`, { cause: error });
      });
      return text === undefined
        ? undefined
        : { value: (parse(text) ?? {}) as Kubeconfig, directory: dirname(resolve(path)) };
    }),
  );
  return files.filter((file) => file !== undefined);
}

function find<Section extends "clusters" | "contexts" | "users", T>(
  files: Located<Kubeconfig>[],
  section: Section,
  name: string,
  valueOf: (entry: NonNullable<Kubeconfig[Section]>[number]) => T,
): Located<T> {
  for (const { value, directory } of files) {
    const entries: unknown = value[section];
    const entry = Array.isArray(entries) ? entries.find((candidate) => candidate?.name === name) : undefined;
    const found: unknown = entry && valueOf(entry);
    if (typeof found === "object" && found !== null) return { value: found as T, directory };
  }
  throw new Error(`kubeconfig: no entry named ${JSON.stringify(name)} in ${section}`);
}

async function clusterConfig({ value: cluster, directory }: Located<Cluster>): Promise<ClientConfig> {
  if (typeof cluster.server !== "string") throw new Error("kubeconfig: the cluster has no server");
  return {
    server: cluster.server.replace(/\/+$/, ""),
    certificateAuthority: await pem(cluster["certificate-authority-data"], cluster["certificate-authority"], directory),
    insecureSkipTlsVerify: cluster["insecure-skip-tls-verify"],
    tlsServerName: cluster["tls-server-name"],
  };
}

async function userConfig(
  { value: user, directory }: Located<User>,
  env: NodeJS.ProcessEnv,
): Promise<Partial<ClientConfig>> {
  if (user.exec) return execCredential(user.exec, { directory, env });
  return {
    clientCertificate: await pem(user["client-certificate-data"], user["client-certificate"], directory),
    clientKey: await pem(user["client-key-data"], user["client-key"], directory),
    token: tokenOf(user, directory),
  };
}

function tokenOf(user: User, directory: string): ClientConfig["token"] {
  const { token, tokenFile } = user;
  if (tokenFile) return async () => (await readFile(resolve(directory, tokenFile), "utf8")).trim();
  return token ? async () => token : undefined;
}

async function pem(data: string | undefined, file: string | undefined, directory: string): Promise<string | undefined> {
  if (data) return Buffer.from(data, "base64").toString("utf8");
  return file ? readFile(resolve(directory, file), "utf8") : undefined;
}
