/**
 * Makes one file of all sources, so that a container starts without searching hundreds of modules, and holds no package
 * that nothing imports. esbuild comes with the development dependencies: images are built from a clone, never by an installed
 * copy, which uses published ones.
 */
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { exec } from "../../src/base/exec.ts";
import type { Kitchen } from "../recipe.ts";

export const root = resolve(import.meta.dirname, "../..");
const esbuild = join(root, "node_modules/@esbuild/linux-x64/bin/esbuild");

/** Some packages of npm are CommonJS and call `require` of Node's own modules. */
const prelude = `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);`;

const options = [
  "--bundle",
  "--platform=node",
  "--format=esm",
  "--target=node24",
  // Else the bundle would differ by where node_modules lies.
  "--preserve-symlinks",
  "--legal-comments=none",
  `--banner:js=#!/usr/bin/node\n${prelude}`,
  // Compiled accelerators that `ws` does without.
  "--external:bufferutil",
  "--external:utf-8-validate",
  "--log-level=warning",
];

/** @param entry path in the repository */
export async function bundle(entry: string, kitchen: Kitchen): Promise<Buffer> {
  const [output, metafile] = ["bundle.js", "bundle.json"].map((name) => join(kitchen.workDirectory, name));
  if ((await kitchen.inputs.find([esbuild])) === undefined)
    throw new Error(`${esbuild} is missing: images are built from a clone with its development dependencies`);
  await exec([esbuild, entry, ...options, `--outfile=${output}`, `--metafile=${metafile}`], { cwd: root });
  const { inputs } = JSON.parse(await readFile(metafile ?? "", "utf8")) as { inputs: Record<string, unknown> };
  for (const path of Object.keys(inputs)) await kitchen.inputs.read(join(root, path));
  return await readFile(output ?? "");
}
