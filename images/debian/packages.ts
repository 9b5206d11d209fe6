/**
 * Debian packages, downloaded and unpacked into the cache, never installed. A package stays at the version first fetched
 * until it is refreshed, so that a build with a warm cache needs no network.
 *
 *   CACHE/packages/NAME[:ARCH][@RELEASE] -> NAME_VERSION_ARCH (unpacked)
 */
import { lstat, mkdir, mkdtemp, readdir, readlink, rename, rm, symlink } from "node:fs/promises";
import { basename, join } from "node:path";
import { exec } from "../../src/base/exec.ts";
import { isErrno } from "../../src/base/files.ts";
import { type Package, splitPackage } from "./architecture.ts";
import { foreignOptions, isForeign, prepareForeign } from "./foreign.ts";

export function packageRoot(cacheDir: string, name: string): string {
  return join(cacheDir, "packages", name);
}

/** Sees to it that each of `names` is unpacked. */
export async function fetchPackages(cacheDir: string, names: readonly string[], signal?: AbortSignal): Promise<void> {
  const missing = await filterMissing(cacheDir, [...new Set(names)]);
  if (missing.length === 0) return;
  await mkdir(join(cacheDir, "packages"), { recursive: true });
  const download = await mkdtemp(join(cacheDir, "packages", ".download-"));
  try {
    const foreign = missing.map(splitPackage).filter(isForeign);
    const homes = new Map(foreign.map((each) => [foreignHome(download, each), each]));
    for (const [home, origin] of homes) await prepareForeign(home, origin, signal);
    for (const name of missing) await fetchPackage({ cacheDir, download, name, signal });
  } finally {
    await rm(download, { recursive: true, force: true });
  }
}

/** The versions in use, e.g. `busybox_1:1.35.0-4_amd64`. */
export async function packageVersions(cacheDir: string, names: readonly string[]): Promise<string[]> {
  return await Promise.all(names.map((name) => readlink(packageRoot(cacheDir, name))));
}

async function filterMissing(cacheDir: string, names: readonly string[]): Promise<string[]> {
  const present = await Promise.all(names.map((name) => exists(packageRoot(cacheDir, name))));
  return names.filter((_, index) => !present[index]);
}

interface Fetch {
  cacheDir: string;
  download: string;
  name: string;
  signal: AbortSignal | undefined;
}

async function fetchPackage({ cacheDir, download, name, signal }: Fetch): Promise<void> {
  const origin = splitPackage(name);
  const { name: plain } = origin;
  const options = aptOptions(download, origin);
  const real = await realName(plain, options);
  const directory = await mkdtemp(join(download, `${plain}-`));
  await exec(["apt-get", "-q", ...options, "download", real], { cwd: directory, signal });
  const file = (await readdir(directory)).find((each) => each.startsWith(`${real}_`));
  if (file === undefined) throw new Error(`apt-get download ${real} left no file in ${directory}`);
  const version = decodeURIComponent(basename(file, ".deb"));
  const unpacked = join(directory, "unpacked");
  await exec(["dpkg-deb", "-x", join(directory, file), unpacked], { signal });
  await publish(unpacked, join(cacheDir, "packages", version), packageRoot(cacheDir, name));
}

/** Another process may be fetching the same: the first to publish wins, and both have it. `unpacked` is in a directory of our own. */
export async function publish(unpacked: string, directory: string, link: string): Promise<void> {
  try {
    await rename(unpacked, directory);
  } catch (error) {
    if (!isErrno(error, "ENOTEMPTY", "EEXIST")) throw error;
    await rm(unpacked, { recursive: true });
  }
  const temporary = `${unpacked}.link`;
  await symlink(basename(directory), temporary);
  await rename(temporary, link);
}

function aptOptions(download: string, origin: Package): string[] {
  if (!isForeign(origin)) return ["-o", "APT::Sandbox::User=root"];
  return foreignOptions(foreignHome(download, origin), origin.architecture);
}

/** Each run has its own: apt locks it. */
function foreignHome(download: string, { architecture, release }: Package): string {
  return join(download, `apt-${release}-${architecture}`);
}

/** A kernel's package carries its version in its name; a package without files depends on the current one. */
async function realName(name: string, options: readonly string[]): Promise<string> {
  if (!name.startsWith("linux-image-")) return name;
  const dependencies = await exec(["apt-cache", ...options, "depends", name]);
  return /Depends: (linux-image-\d\S+)/.exec(dependencies)?.[1] ?? name;
}

async function exists(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  );
}
