/**
 * Makes src/cri/gen/ from src/cri/proto/ with buf and protoc-gen-es; works offline.
 *
 * The .proto files are Kubernetes' CRI API (cri-api 0.36, verbatim) and the parts of containerd's own API (1.6.20)
 * that the CRI lacks: the event stream and snapshots, with their Go-only annotations taken out.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exec } from "../src/base/exec.ts";

const root = join(import.meta.dirname, "..");
const criDir = join(root, "src/cri");
const genDir = join(criDir, "gen");
const packages = join(root, "node_modules/@bufbuild");

const template = JSON.stringify({
  version: "v2",
  plugins: [
    {
      local: [process.execPath, join(packages, "protoc-gen-es/bin/protoc-gen-es")],
      out: "gen",
      opt: ["target=ts", "import_extension=ts", "erasable_syntax=true"],
    },
  ],
});

/** Writes the generated client code; running it again changes nothing. */
export async function generateCri(): Promise<void> {
  rmSync(genDir, { recursive: true, force: true });
  mkdirSync(genDir);
  await exec([process.execPath, join(packages, "buf/bin/buf"), "generate", "proto", "--template", template], {
    cwd: criDir,
  });
  for (const path of readdirSync(genDir, { recursive: true, encoding: "utf8" })) {
    if (path.endsWith("_pb.ts")) {
      renameToGen(join(genDir, path));
    }
  }
}

/** `x_pb.ts` -> `x.gen.ts`, the name that marks generated files here. */
function renameToGen(path: string): void {
  const target = path.replace(/_pb\.ts$/, ".gen.ts");
  renameSync(path, target);
  writeFileSync(target, readFileSync(target, "utf8").replaceAll(/_pb\.ts"/g, '.gen.ts"'));
}

if (import.meta.main) {
  await generateCri();
}
