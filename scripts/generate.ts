/**
 * `npm run generate`: makes every file that can be generated from the repository and its packages.
 * `--check` writes nothing and fails when a file differs from what would be made.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { generateArchitecturePicture } from "./generate/architecture-picture.ts";
import { generateDeploy } from "./generate/deploy.ts";
import { generateKubernetesSchemas } from "./generate/kubernetes-schemas.ts";
import { generateKubevirtCrds } from "./generate/kubevirt-crds.ts";
import { generateKubevirtFields } from "./generate/kubevirt-fields.ts";
import { generateKubevirtParity } from "./generate/kubevirt-parity.ts";
import { generateMetrics } from "./generate/metrics.ts";
import { generateProtobufCode } from "./generate/protobuf-code.ts";

process.chdir(resolve(import.meta.dirname, ".."));
const checkOnly = process.argv.includes("--check");

/** By path. */
const wanted = new Map<string, string>();
const generators = [
  generateKubernetesSchemas,
  generateKubevirtCrds,
  generateKubevirtFields,
  generateKubevirtParity,
  generateProtobufCode,
  generateMetrics,
  generateArchitecturePicture,
  generateDeploy,
];
for (const generate of generators) {
  for (const [path, content] of await generate()) wanted.set(path, content);
}
const changed = [...wanted].filter(([path, content]) => !existsSync(path) || readFileSync(path, "utf8") !== content);

for (const [path, content] of changed) {
  if (checkOnly) {
    console.error(`${path} is out of date: run \`npm run generate\``);
    process.exitCode = 1;
    continue;
  }
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  console.log(`wrote ${path} (${Math.round(content.length / 1024)} KiB)`);
}
