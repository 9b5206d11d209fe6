/** Kubernetes' source tree from Debian's archive, with Debian's Go, ready to be compiled. Nothing is installed in the system. */
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { packageRoot } from "../../../images/debian/packages.ts";
import { exec } from "../../../src/base/exec.ts";

export const kubernetesVersion = "1.20.2";
const sourceName = "kubernetes";
const release = "bookworm";

export interface SourceOptions {
  cacheDir: string;
  buildDir: string;
  say: (message: string) => void;
}

export const goRootOf = (buildDir: string): string => join(buildDir, "usr/lib/go-1.19");
export const treeOf = (buildDir: string): string => join(buildDir, "gopath/src/k8s.io/kubernetes");

export async function prepareSource(options: SourceOptions): Promise<void> {
  const { buildDir, say } = options;
  const stamp = join(buildDir, "source-is-complete");
  if (existsSync(stamp)) return;
  await rm(buildDir, { recursive: true, force: true });
  await mkdir(buildDir, { recursive: true });
  await joinGo(options);
  say("fetching the source of Kubernetes (34 MB)");
  await unpackSource(buildDir, await fetchSource(buildDir));
  await replaceReflect2(options);
  await writeFile(stamp, "");
}

/** Debian splits Go over two packages that link to each other by relative paths. */
async function joinGo({ cacheDir, buildDir }: SourceOptions): Promise<void> {
  for (const name of ["golang-1.19-src", "golang-1.19-go"])
    await cp(join(packageRoot(cacheDir, name), "usr"), join(buildDir, "usr"), {
      recursive: true,
      verbatimSymlinks: true,
    });
}

/** By an apt with a state of its own: the machine's has no sources of sources. @returns the path of the .dsc file */
async function fetchSource(buildDir: string): Promise<string> {
  const home = join(buildDir, "apt");
  const download = join(buildDir, "download");
  for (const directory of [join(home, "lists/partial"), join(home, "archives/partial"), download])
    await mkdir(directory, { recursive: true });
  const signed = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]";
  await writeFile(join(home, "sources.list"), `deb-src ${signed} http://deb.debian.org/debian ${release} main\n`);
  const settings = {
    "APT::Sandbox::User": "root",
    "Dir::Etc::SourceList": join(home, "sources.list"),
    "Dir::Etc::SourceParts": "/dev/null",
    "Dir::State::Lists": join(home, "lists"),
    "Dir::Cache": home,
  };
  const apt = ["apt-get", "-q", ...Object.entries(settings).flatMap(([key, value]) => ["-o", `${key}=${value}`])];
  await exec([...apt, "update"]);
  await exec([...apt, "source", "--download-only", sourceName], { cwd: download });
  const description = (await readdir(download)).find((file) => file.endsWith(".dsc"));
  if (!description?.includes(kubernetesVersion))
    throw new Error(
      `Debian ${release} has ${description ?? "no kubernetes"}, not ${kubernetesVersion}: adapt source.ts`,
    );
  return join(download, description);
}

async function unpackSource(buildDir: string, description: string): Promise<void> {
  const tree = treeOf(buildDir);
  await mkdir(join(tree, ".."), { recursive: true });
  await exec(["dpkg-source", "--no-check", "-x", description, tree]);
}

/** The copy that Kubernetes brings reads internals of Go's runtime that moved in Go 1.18. */
async function replaceReflect2({ cacheDir, buildDir }: SourceOptions): Promise<void> {
  const path = "github.com/modern-go/reflect2";
  const newer = join(packageRoot(cacheDir, "golang-github-modern-go-reflect2-dev"), "usr/share/gocode/src", path);
  const vendored = join(treeOf(buildDir), "vendor", path);
  const isCode = (file: string) => /\.(go|s)$/.test(file) && !file.endsWith("_test.go");
  for (const file of (await readdir(vendored)).filter((name) => /\.(go|s)$/.test(name))) await rm(join(vendored, file));
  for (const file of (await readdir(newer)).filter(isCode)) await cp(join(newer, file), join(vendored, file));
}
