import type { Command } from "commander";
import { namespaceOf } from "../connection.ts";
import { splitSide } from "../copy/side.ts";
import { examples, type GlobalOptions } from "../program.ts";
import {
  hostNameOf,
  type LoginTarget,
  parseLoginTarget,
  proxyArguments,
  runLocal,
  type SecureShellOptions,
  secureShellOptions,
} from "../secure-shell.ts";

interface ScpOptions extends SecureShellOptions {
  recursive?: boolean;
  preserve?: boolean;
}

export function define(command: Command): void {
  secureShellOptions(command)
    .argument("<from>", "file here, or [user@]type/name[/namespace]:path in the guest")
    .argument("<to>", "the other side")
    .option("-r, --recursive", "copy whole directories")
    .option("--preserve", "keep times and modes")
    .action((from: string, to: string, options: ScpOptions) => scp(command, [from, to], options));
  examples(
    command,
    ["Copy a file into the guest", "vmpod scp app.conf root@vm/legacy:/etc/app.conf"],
    ["Fetch a directory", "vmpod scp -r root@vm/legacy:/var/log ./logs"],
  );
}

async function scp(command: Command, sides: [string, string], options: ScpOptions): Promise<void> {
  const globals = command.optsWithGlobals<GlobalOptions>();
  await runLocal(["scp", ...scpArguments(sides, options, { ...globals, namespace: await namespaceOf(globals) })]);
}

/** @throws Error unless exactly one side is in a guest */
export function scpArguments(
  sides: [string, string],
  options: ScpOptions,
  globals: GlobalOptions & { namespace: string },
): string[] {
  const parsed = sides.map((side) => parseSide(side, globals.namespace));
  const [remote, second] = parsed.filter((side) => side.login !== undefined);
  if (!remote?.login || second)
    throw new Error("one side must be in a guest (e.g. root@vm/legacy:/etc/hosts), the other here");
  const flags = [options.recursive && "-r", options.preserve && "-p"].filter((flag) => typeof flag === "string");
  const paths = parsed.map(({ login, path }) => (login ? `${address(login, options)}:${path}` : path));
  return [...flags, ...proxyArguments(remote.login.machine, options, globals), ...paths];
}

interface Side {
  path: string;
  login: LoginTarget | undefined;
}

function parseSide(text: string, namespace: string): Side {
  const { place, path } = splitSide(text);
  return { path, login: place === undefined ? undefined : parseLoginTarget(place, namespace) };
}

function address({ user, machine }: LoginTarget, { username }: ScpOptions): string {
  const login = username ?? user;
  return `${login ? `${login}@` : ""}${hostNameOf(machine)}`;
}
