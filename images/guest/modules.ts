/**
 * The kernel modules of the guest: those named, what they depend on, and the small indexes that modprobe reads.
 * A module says in its `.modinfo` section what it needs and which hardware it is for; Debian's depmod is not needed.
 */
import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import type { FileTree } from "../../src/storage/oci/file-tree.ts";
import type { Inputs } from "../inputs.ts";

interface Module {
  /** As in the indexes: relative to the modules' directory. */
  path: string;
  content: Buffer;
  needs: string[];
  aliases: string[];
}

/** @param packageRoot where the kernel's package is unpacked. */
export async function addModules(
  tree: FileTree,
  inputs: Inputs,
  packageRoot: string,
  wanted: readonly string[],
): Promise<void> {
  const [version = ""] = await readdir(`${packageRoot}/lib/modules`);
  const directory = `${packageRoot}/lib/modules/${version}`;
  const modules = await closure(directory, inputs, wanted);
  const home = `/usr/lib/modules/${version}`;
  for (const module of modules.values()) tree.file(`${home}/${module.path}`, module.content);
  tree.file(`${home}/modules.dep`, [...modules.values()].map((each) => dependencyLine(each, modules)).join(""));
  tree.file(`${home}/modules.alias`, [...modules].flatMap(([name, each]) => aliasLines(name, each)).join(""));
  tree.file(`${home}/modules.symbols`, "");
}

async function closure(directory: string, inputs: Inputs, names: readonly string[]): Promise<Map<string, Module>> {
  const files = await moduleFiles(directory);
  const modules = new Map<string, Module>();
  const wanted = names.map(moduleName);
  for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
    const path = files.get(name);
    if (path === undefined) throw new Error(`${directory} has no module ${name}`);
    if (modules.has(name)) continue;
    const content = await inputs.read(join(directory, path));
    const needs = fields(content, "depends")
      .flatMap((list) => list.split(","))
      .filter(Boolean)
      .map(moduleName);
    modules.set(name, { path, content, needs, aliases: fields(content, "alias") });
    wanted.push(...needs);
  }
  return new Map([...modules].sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function moduleFiles(directory: string): Promise<Map<string, string>> {
  const files = await readdir(directory, { recursive: true });
  return new Map(files.filter((file) => file.endsWith(".ko")).map((file) => [moduleName(basename(file, ".ko")), file]));
}

/** The kernel does not tell `-` from `_`. */
function moduleName(name: string): string {
  return name.replaceAll("-", "_");
}

/** Values of `key=value` strings, each between two NUL bytes. */
function fields(content: Buffer, key: string): string[] {
  const values: string[] = [];
  const mark = Buffer.from(`\0${key}=`, "latin1");
  for (let at = content.indexOf(mark); at >= 0; at = content.indexOf(mark, at + 1)) {
    const start = at + mark.length;
    values.push(content.toString("latin1", start, content.indexOf(0, start)));
  }
  return values;
}

function dependencyLine(module: Module, modules: ReadonlyMap<string, Module>): string {
  return `${module.path}: ${allNeeds(module, modules).join(" ")}\n`;
}

/** In the order in which modprobe loads them from the end: the nearest first. */
function allNeeds(module: Module, modules: ReadonlyMap<string, Module>): string[] {
  const paths: string[] = [];
  const visit = (name: string): void => {
    const needed = modules.get(name);
    if (!needed) return;
    for (const each of needed.needs) visit(each);
    if (!paths.includes(needed.path)) paths.push(needed.path);
  };
  for (const each of module.needs) visit(each);
  return paths.reverse();
}

function aliasLines(name: string, module: Module): string[] {
  return module.aliases.map((alias) => `alias ${alias} ${name}\n`);
}
