import type { Command } from "commander";
import { withConnection } from "../connection.ts";
import { createCopyProgress } from "../copy/progress.ts";
import { splitSide } from "../copy/side.ts";
import { fetchFile, storeFile } from "../copy/transfer.ts";
import { fetchTree, storeTree } from "../copy/trees.ts";
import { failing } from "../failing.ts";
import { examples } from "../program.ts";
import type { Machine } from "../subresource.ts";
import { parseTarget } from "../target.ts";

interface CopyOptions {
  recursive?: boolean;
}

export function define(command: Command): void {
  command
    .argument("<from>", "file here, or vm/NAME[/namespace]:path in the guest")
    .argument("<to>", "the other side")
    .option("-r, --recursive", "copy whole directories")
    .action((from: string, to: string, options: CopyOptions) => copy(command, [from, to], options));
  examples(
    command,
    ["Needs the guest's agent, but no network and no password", "vmpod cp app.conf vm/legacy:/etc/app.conf"],
    ["Fetch a directory", "vmpod cp -r vm/legacy:/var/log ./logs"],
  );
}

async function copy(command: Command, sides: [string, string], { recursive }: CopyOptions): Promise<void> {
  await withConnection(command, async (connection) => {
    const { machine, from, to, direction } = parseCopy(sides, connection.namespace);
    const transfer = { connection, machine, progress: createCopyProgress() };
    const copies = { there: recursive ? storeTree : storeFile, here: recursive ? fetchTree : fetchFile };
    await failing(`Error copying ${sides[0]}:`, copies[direction](transfer, from, to));
  });
}

export interface Copy {
  machine: Machine;
  from: string;
  to: string;
  direction: "there" | "here";
}

/** Pure. @throws Error unless exactly one side is in a guest */
export function parseCopy(sides: [string, string], namespace: string): Copy {
  const [from, to] = [splitSide(sides[0]), splitSide(sides[1])];
  const place = from.place ?? to.place;
  if (place === undefined || (from.place !== undefined && to.place !== undefined))
    throw new Error("one side must be in a guest (e.g. vm/legacy:/etc/hosts), the other here");
  if (place.includes("@")) throw new Error(`${place}: the guest's agent is root already: leave the user out`);
  const path = from.place === undefined ? to.path : from.path;
  if (!path.startsWith("/")) throw new Error(`${JSON.stringify(path)}: the path in the guest must be absolute`);
  const machine = { ...parseTarget(place, namespace, "vm"), kind: "vmi" as const };
  return { machine, from: from.path, to: to.path, direction: from.place === undefined ? "there" : "here" };
}
