/** Compiles Kubernetes as its own makefiles would, without bazel, git and the network. */
import { existsSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { exec } from "../../../src/base/exec.ts";
import { goRootOf, kubernetesVersion, treeOf } from "./source.ts";

/** Upstream's own switches: no cloud providers in the tree, no docker. */
const tags = "providerless,dockerless";
const generatedFile = "pkg/generated/openapi/zz_generated.openapi.go";

/** The one generated file that the source package lacks. */
export async function generateOpenApi(buildDir: string, say: (message: string) => void): Promise<void> {
  const source = treeOf(buildDir);
  const stamp = join(buildDir, "openapi-is-complete");
  if (existsSync(stamp)) return;
  say("generating the OpenAPI definitions");
  const generator = join(buildDir, "openapi-gen");
  await go(buildDir, ["build", "-o", generator, "./vendor/k8s.io/kube-openapi/cmd/openapi-gen"]);
  const packages = packagesOf(await filesWithDefinitions(source));
  const argv = [
    generator,
    "--input-dirs",
    packages.join(","),
    "--output-package",
    "k8s.io/kubernetes/pkg/generated/openapi",
    "--output-file-base",
    "zz_generated.openapi",
    "--output-base",
    join(buildDir, "gopath/src"),
    "--go-header-file",
    "vendor/k8s.io/code-generator/hack/boilerplate.go.txt",
    "--report-filename",
    join(buildDir, "violations.report"),
  ];
  await exec(argv, { cwd: source, env: environment(buildDir) });
  if (!existsSync(join(source, generatedFile))) throw new Error(`openapi-gen did not write ${generatedFile}`);
  await writeFile(stamp, "");
}

async function filesWithDefinitions(source: string): Promise<string[]> {
  const where = ["cmd", "pkg", "plugin", "staging/src/k8s.io"];
  const flags = ["--recursive", "--files-with-matches", "--include=*.go", "--exclude=*_test.go"];
  return (await exec(["grep", ...flags, "+k8s:openapi-gen=", ...where], { cwd: source })).split("\n").filter(Boolean);
}

/** Go packages of the files: those in `staging` are compiled by their place below `vendor`. */
export function packagesOf(files: readonly string[]): string[] {
  const isForeign = /\/(code-generator|sample-apiserver|testdata|_examples)\/|zz_generated/;
  const directories = files.filter((file) => !isForeign.test(file)).map(dirname);
  const packages = directories.map((each) => `k8s.io/kubernetes/${each.replace(/^staging\/src\//, "vendor/")}`);
  return [...new Set(packages)].sort();
}

export async function compile(
  buildDir: string,
  name: string,
  target: string,
  say: (message: string) => void,
): Promise<void> {
  const startedAt = performance.now();
  await mkdir(dirname(target), { recursive: true });
  const draft = `${target}.new`;
  await go(buildDir, ["build", "-trimpath", "-tags", tags, "-ldflags", linkerFlags(), "-o", draft, `./cmd/${name}`]);
  await rename(draft, target);
  say(`compiled ${name} in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
}

/** What the programs say of their version, which kubelet and API server compare. */
export function linkerFlags(): string {
  const [major, minor] = kubernetesVersion.split(".");
  const values = { gitVersion: `v${kubernetesVersion}`, gitMajor: major, gitMinor: minor, gitTreeState: "archive" };
  const packages = ["component-base/version", "client-go/pkg/version"].flatMap((path) => [
    `k8s.io/kubernetes/vendor/k8s.io/${path}`,
    `k8s.io/${path}`,
  ]);
  const settings = packages.flatMap((path) =>
    Object.entries(values).map(([key, value]) => `-X ${path}.${key}=${value}`),
  );
  return ["-s", "-w", ...settings].join(" ");
}

async function go(buildDir: string, args: readonly string[]): Promise<void> {
  const [command = "", ...rest] = args;
  await mkdir(join(buildDir, "tmp"), { recursive: true });
  const argv = ["nice", "-n", "10", join(goRootOf(buildDir), "bin/go"), command, "-p", "2", ...rest];
  await exec(argv, { cwd: treeOf(buildDir), env: environment(buildDir) });
}

function environment(buildDir: string): NodeJS.ProcessEnv {
  const goRoot = goRootOf(buildDir);
  return {
    PATH: `${join(goRoot, "bin")}:/usr/sbin:/usr/bin:/sbin:/bin`,
    HOME: buildDir,
    GOROOT: goRoot,
    GOPATH: join(buildDir, "gopath"),
    GOCACHE: join(buildDir, "gocache"),
    GOTMPDIR: join(buildDir, "tmp"),
    GO111MODULE: "off",
    GOPROXY: "off",
    CGO_ENABLED: "0",
  };
}
