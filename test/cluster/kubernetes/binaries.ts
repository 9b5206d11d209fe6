/**
 * The programs of a real Kubernetes, built once from Debian 12's source package; no other source is at hand everywhere. It is
 * 1.20: old, so what works on it and on the embedded API server has seen both ends.
 *
 *   CACHE/kubernetes/VERSION/bin/{kube-apiserver,...}   kept
 *   CACHE/kubernetes/VERSION/build/                      sources and compiled packages, 3 GB, removed when all is built
 */
import { existsSync } from "node:fs";
import { copyFile, mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { packageRoot } from "../../../images/debian/packages.ts";
import { claim } from "../claim.ts";
import { compile, generateOpenApi } from "./compile.ts";
import { buildPackages, providePackages, runtimePackages } from "./packages.ts";
import { kubernetesVersion, prepareSource } from "./source.ts";

export const programs = [
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kubelet",
  "kube-proxy",
] as const;

export interface BinariesOptions {
  cacheDir: string;
  say: (message: string) => void;
}

export interface Binaries {
  binDir: string;
  result: "built" | "cached";
}

export const binDirOf = (cacheDir: string): string => join(homeOf(cacheDir), "bin");
const homeOf = (cacheDir: string): string => join(cacheDir, "kubernetes", kubernetesVersion);

export function missingPrograms(cacheDir: string): string[] {
  return programs.filter((name) => !existsSync(join(binDirOf(cacheDir), name)));
}

/** Finds the programs or builds those that are missing, about ten minutes of two processors. */
export async function provideBinaries({ cacheDir, say }: BinariesOptions): Promise<Binaries> {
  const binDir = binDirOf(cacheDir);
  await mkdir(binDir, { recursive: true });
  const lock = { lockFile: join(homeOf(cacheDir), "build.lock") };
  const claimed = await claim(lock, (holder) => say(`waiting for another build of Kubernetes: ${holder}`));
  try {
    await providePackages(cacheDir, runtimePackages, say);
    await provideEtcd(cacheDir, binDir);
    const missing = missingPrograms(cacheDir);
    if (missing.length === 0) return { binDir, result: "cached" };
    await build(missing, { cacheDir, say });
    return { binDir, result: "built" };
  } finally {
    await claimed.release();
  }
}

async function provideEtcd(cacheDir: string, binDir: string): Promise<void> {
  const target = join(binDir, "etcd");
  if (existsSync(target)) return;
  await copyFile(join(packageRoot(cacheDir, "etcd-server"), "usr/bin/etcd"), `${target}.new`);
  await rename(`${target}.new`, target);
}

async function build(missing: readonly string[], { cacheDir, say }: BinariesOptions): Promise<void> {
  say(`building Kubernetes ${kubernetesVersion}: ${missing.join(", ")} (once; about 12 minutes of one processor)`);
  await providePackages(cacheDir, buildPackages, say);
  const buildDir = join(homeOf(cacheDir), "build");
  await prepareSource({ cacheDir, buildDir, say });
  await generateOpenApi(buildDir, say);
  for (const name of missing) await compile(buildDir, name, join(binDirOf(cacheDir), name), say);
  await rm(buildDir, { recursive: true, force: true });
}
