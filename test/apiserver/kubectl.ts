/** Stock kubectls: today's, and Debian's 1.20, which is fetched once from Debian's archive. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { exec } from "../../src/base/exec.ts";

export interface Answer {
  code: number;
  stdout: string;
  stderr: string;
}

export type Kubectl = (args: readonly string[], input?: string) => Promise<Answer>;

const cache = join(homedir(), ".cache", "vmpod", "kubectl-debian");

export async function debianKubectl(): Promise<string> {
  const program = join(cache, "usr", "bin", "kubectl");
  if (existsSync(program)) return program;
  await mkdir(cache, { recursive: true });
  await exec(["apt-get", "download", "kubernetes-client"], { cwd: cache });
  const archive = (await readdir(cache)).find((name) => name.endsWith(".deb")) ?? "";
  await exec(["dpkg", "-x", join(cache, archive), cache]);
  return program;
}

export function currentKubectl(): string {
  const candidates = ["/usr/lib/google-cloud-sdk/bin/kubectl.1.32", "/usr/local/bin/kubectl", "/usr/bin/kubectl"];
  return candidates.find((path) => existsSync(path)) ?? "kubectl";
}

export function runner(program: string, kubeconfig: string, home: string): Kubectl {
  return (args, input = "") =>
    new Promise((resolve) => {
      const env = { ...process.env, KUBECONFIG: kubeconfig, HOME: home };
      const child = execFile(program, [...args], { env, timeout: 60_000 }, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
        resolve({ code, stdout, stderr });
      });
      child.stdin?.end(input);
    });
}

/** Standard output of a call that must succeed. */
export async function ok(kubectl: Kubectl, args: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await kubectl(args, input);
  if (code !== 0) throw new Error(`kubectl ${args.join(" ")} ended with ${code}: ${stderr}${stdout}`);
  return stdout;
}

/** Standard error of a call that must fail. */
export async function fails(kubectl: Kubectl, args: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await kubectl(args, input);
  if (code === 0) throw new Error(`kubectl ${args.join(" ")} should have failed: ${stdout}`);
  return stderr;
}
