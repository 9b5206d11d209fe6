/** What a test cluster needs from Debian beyond what vmpod itself needs: said with its reason, and never put on users' machines. */
import { existsSync } from "node:fs";
import { fetchPackages } from "../../../images/debian/packages.ts";
import { exec } from "../../../src/base/exec.ts";

interface Package {
  name: string;
  purpose: string;
  /** Proves that it is installed. Without: it is only unpacked into the cache, the system stays as it is. */
  file?: string;
}

export const runtimePackages: readonly Package[] = [
  { name: "etcd-server", purpose: "the API server's store" },
  { name: "iptables", file: "/usr/sbin/iptables", purpose: "kube-proxy's rules" },
  { name: "conntrack", file: "/usr/sbin/conntrack", purpose: "kube-proxy forgets connections with it" },
];

export const buildPackages: readonly Package[] = [
  { name: "golang-1.19-go", purpose: "compiles Kubernetes" },
  { name: "golang-1.19-src", purpose: "Go's standard library" },
  {
    name: "golang-github-modern-go-reflect2-dev",
    purpose: "replaces Kubernetes' older copy, which Go 1.19 cannot compile",
  },
  { name: "dpkg-dev", file: "/usr/bin/dpkg-source", purpose: "unpacks Debian's source package of Kubernetes" },
];

/** Fetches or installs what is missing of `packages`. */
export async function providePackages(
  cacheDir: string,
  packages: readonly Package[],
  say: (message: string) => void,
): Promise<void> {
  const toUnpack = packages.filter(({ name, file }) => !file && !existsSync(`${cacheDir}/packages/${name}`));
  for (const { name, purpose } of toUnpack) say(`fetching ${name}: ${purpose}`);
  await fetchPackages(
    cacheDir,
    toUnpack.map(({ name }) => name),
  );
  const toInstall = packages.filter(({ file }) => file && !existsSync(file));
  if (toInstall.length === 0) return;
  for (const { name, purpose } of toInstall) say(`installing ${name}: ${purpose}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  await exec(["apt-get", "update", "-q"], { env });
  await exec(["apt-get", "install", "-q", "-y", "--no-install-recommends", ...toInstall.map(({ name }) => name)], {
    env,
  });
}
