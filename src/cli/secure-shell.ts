import { spawn } from "node:child_process";
import { once } from "node:events";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { portNumber } from "./force.ts";
import type { GlobalOptions } from "./program.ts";
import { ExitStatus } from "./run-command-line.ts";
import { parseTarget } from "./target.ts";
import type { Machine } from "./subresource.ts";

/** The options that `ssh` and `scp` share. */
export interface SecureShellOptions {
  identityFile?: string;
  knownHosts: string;
  localSshOpts?: string[];
  port: number;
  username?: string;
}

const program = resolve(import.meta.dirname, "../../bin/vmpod");

export function secureShellOptions(command: Command): Command {
  return command
    .option("-l, --username <name>", "user to log in as")
    .option("-i, --identity-file <file>", "private key to log in with")
    .option("-p, --port <number>", "port of the guest's SSH server", portNumber, 22)
    .option("-t, --local-ssh-opts <option>", "further option for the local ssh, may be repeated", collect)
    .option(
      "--known-hosts <file>",
      "where the guests' host keys are kept",
      join(homedir(), ".ssh", "kubevirt_known_hosts"),
    );
}

function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}

/** A target of the form `[user@][type/]name[/namespace]`. */
export interface LoginTarget {
  user: string | undefined;
  machine: Machine;
}

export function parseLoginTarget(text: string, namespace: string): LoginTarget {
  const at = text.lastIndexOf("@");
  return { user: at < 0 ? undefined : text.slice(0, at), machine: parseTarget(text.slice(at + 1), namespace) };
}

/** The name that ssh sees: nothing resolves it, the proxy command knows the way; it keys the host key. */
export function hostNameOf({ kind, name, namespace }: Machine): string {
  return `${kind}.${name}.${namespace}`;
}

/** The options for OpenSSH that make it go through `vmpod port-forward`. */
export function proxyArguments(machine: Machine, options: SecureShellOptions, globals: GlobalOptions): string[] {
  const { kind, name, namespace } = machine;
  const words = [program, "port-forward", "--stdio=true"];
  if (globals.kubeconfig) words.push("--kubeconfig", resolve(globals.kubeconfig));
  if (globals.context) words.push("--context", globals.context);
  words.push(`${kind}/${name}/${namespace}`, String(options.port));
  return [
    ["-o", `ProxyCommand=${words.map(shellQuoted).join(" ")}`],
    // A guest's key is accepted once and remembered; a changed one is refused.
    ["-o", "StrictHostKeyChecking=accept-new", "-o", `UserKnownHostsFile=${options.knownHosts}`],
    options.identityFile ? ["-i", options.identityFile] : [],
    options.localSshOpts ?? [],
  ].flat();
}

/** For the shell that ssh runs the proxy command with, and for ssh itself, which expands `%`. */
function shellQuoted(word: string): string {
  const escaped = word.replaceAll("%", "%%");
  return /^[\w@%+=:,./-]+$/.test(escaped) ? escaped : `'${escaped.replaceAll("'", `'\\''`)}'`;
}

/** Runs OpenSSH on this terminal and ends with its status. */
export async function runLocal(argv: string[]): Promise<void> {
  const [file = "", ...args] = argv;
  const child = spawn(file, args, { stdio: "inherit" });
  const missing = new Promise<never>((_, reject) => {
    child.once("error", () =>
      reject(new Error(`cannot run ${file}: install it (Debian: apt-get install openssh-client)`)),
    );
  });
  const [status] = (await Promise.race([once(child, "close"), missing])) as [number | null];
  if (status !== 0) throw new ExitStatus(status ?? 255);
}
