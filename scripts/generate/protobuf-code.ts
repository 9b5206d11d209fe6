/**
 * Makes ROOM/gen/ from ROOM/proto/ with buf and protoc-gen-es; works offline.
 *
 * src/cri: Kubernetes' CRI API (cri-api 0.36, verbatim) and the parts of containerd's own API (1.6.20) that the CRI lacks: the
 * event stream and snapshots. src/device-plugin: the kubelet's device plugin API v1beta1 (1.20). Go-only annotations are taken out.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { exec } from "../../src/base/exec.ts";

const root = resolve(import.meta.dirname, "../..");
const packages = join(root, "node_modules/@bufbuild");

const rooms = ["src/cri", "src/device-plugin"];

export async function generateProtobufCode(): Promise<Map<string, string>> {
  const generated = await Promise.all(rooms.map(generate));
  return new Map(generated.flatMap((files) => [...files]));
}

async function generate(room: string): Promise<Map<string, string>> {
  const out = mkdtempSync(join(tmpdir(), "vmpod-protobuf-"));
  try {
    const buf = [process.execPath, join(packages, "buf/bin/buf")];
    await exec([...buf, "generate", "proto", "--template", template(out)], { cwd: join(root, room) });
    const paths = readdirSync(out, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith("_pb.ts"));
    return new Map(paths.map((path) => [generatedName(join(room, "gen", path)), renamedImports(join(out, path))]));
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

function template(out: string): string {
  const plugin = {
    local: [process.execPath, join(packages, "protoc-gen-es/bin/protoc-gen-es")],
    out,
    opt: ["target=ts", "import_extension=ts", "erasable_syntax=true"],
  };
  return JSON.stringify({ version: "v2", plugins: [plugin] });
}

/** `x_pb.ts` -> `x.gen.ts`, the name that marks generated files here. */
function generatedName(path: string): string {
  return path.replace(/_pb\.ts$/, ".gen.ts");
}

function renamedImports(path: string): string {
  return readFileSync(path, "utf8").replaceAll(/_pb\.ts"/g, '.gen.ts"');
}
