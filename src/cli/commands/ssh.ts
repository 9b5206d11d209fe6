import type { Command } from "commander";
import { namespaceOf } from "../connection.ts";
import { examples, type GlobalOptions } from "../program.ts";
import {
  hostNameOf,
  parseLoginTarget,
  proxyArguments,
  runLocal,
  type SecureShellOptions,
  secureShellOptions,
} from "../secure-shell.ts";

interface SshOptions extends SecureShellOptions {
  command?: string;
}

export function define(command: Command): void {
  secureShellOptions(command.argument("<[user@]type/name[/namespace]>", "e.g. root@vm/legacy"))
    .argument("[command...]", "run this in the guest instead of a login shell")
    .option("-c, --command <line>", "run this in the guest instead of a login shell")
    .action((target: string, words: string[], options: SshOptions) => ssh(command, target, words, options));
  examples(
    command,
    ["Log in as root", "vmpod ssh root@vm/legacy"],
    ["Run one command with a certain key", "vmpod ssh -i ~/.ssh/id_ed25519 root@vm/legacy -c uptime"],
  );
}

async function ssh(command: Command, text: string, words: string[], options: SshOptions): Promise<void> {
  const globals = command.optsWithGlobals<GlobalOptions>();
  const { user, machine } = parseLoginTarget(text, await namespaceOf(globals));
  const login = options.username ?? user;
  const remote = options.command ? [options.command] : words;
  const destination = `${login ? `${login}@` : ""}${hostNameOf(machine)}`;
  await runLocal(["ssh", ...proxyArguments(machine, options, globals), destination, ...remote]);
}
