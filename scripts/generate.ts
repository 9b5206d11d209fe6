/**
 * `npm run generate`: makes every generated file from its source. `--check` writes nothing and fails when a
 * file differs from what would be made.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { generateKubernetesSchemas } from "./generate/kubernetes-schemas.ts";
import { generateKubevirtCrds } from "./generate/kubevirt-crds.ts";

const root = resolve(import.meta.dirname, "..");
const generators = [generateKubernetesSchemas, generateKubevirtCrds];

const checkOnly = process.argv.includes("--check");
for (const generate of generators) {
  for (const [path, content] of await generate()) {
    const file = resolve(root, path);
    if (existsSync(file) && readFileSync(file, "utf8") === content) continue;
    if (checkOnly) {
      console.error(`${path} is out of date: run \`npm run generate\``);
      process.exitCode = 1;
      continue;
    }
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    console.log(`wrote ${path} (${Math.round(content.length / 1024)} KiB)`);
  }
}
