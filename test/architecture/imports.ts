/** What the source says of its own structure: the rooms (directories), their layers, and who imports whom. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

export const root = resolve(import.meta.dirname, "../..");

/** The layer rule: a room imports only from rooms of strictly lower layers, and never from a sibling. */
export const layers: readonly (readonly string[])[] = [
  ["src/base"],
  ["api"],
  [
    "src/store",
    "src/apimachinery",
    "src/client",
    "src/streams",
    "src/pki",
    "src/qemu",
    "src/storage",
    "src/network",
    "src/cri",
    "src/device-plugin",
    "src/telemetry",
  ],
  ["src/runtime", "src/http", "images"],
  [
    "src/apiserver",
    "src/workloads",
    "src/controllers",
    "src/node",
    "src/kubelet",
    "src/extension",
    "src/embedded",
    "src/install",
  ],
  ["src/cli"],
  ["src/cmd"],
];

export interface Import {
  from: string;
  /** Path of the imported file, relative to the repository, or the package name. */
  to: string;
}

const importPattern = /(?:^|\n)\s*(?:import|export)\s(?:[^;]*?from\s*)?"([^"]+)"|import\("([^"]+)"\)/g;

/** Every TypeScript file under the given directories. */
export function sourceFiles(...directories: string[]): string[] {
  return directories.flatMap((directory) =>
    readdirSync(join(root, directory), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => join(directory, name)),
  );
}

export function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), "utf8");
  return [...text.matchAll(importPattern)].map((match) => {
    const target = match[1] ?? match[2] ?? "";
    const to = target.startsWith(".") ? relative(root, resolve(join(root, dirname(file)), target)) : target;
    return { from: file, to };
  });
}

export function roomOf(file: string): string | undefined {
  return layers.flat().find((room) => file.startsWith(`${room}/`));
}

export function layerOf(room: string): number {
  return layers.findIndex((layer) => layer.includes(room));
}

/** The rooms that each room really imports, tests left out. */
export function roomGraph(): Map<string, string[]> {
  const graph = new Map<string, Set<string>>(layers.flat().map((room) => [room, new Set<string>()]));
  const files = sourceFiles("src", "api", "images").filter((file) => !file.endsWith(".test.ts"));
  for (const { from, to } of files.flatMap(importsOf)) {
    const source = roomOf(from);
    const target = roomOf(to);
    if (source && target && source !== target) graph.get(source)?.add(target);
  }
  return new Map([...graph].map(([room, targets]) => [room, [...targets].sort()]));
}
