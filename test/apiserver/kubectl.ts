/** Stock kubectls: today's, and Debian's 1.20, which is fetched once from Debian's archive. */
import { execFile } from "node:child_process";
import { patience, patiently } from "../embedded/instance.ts";

export interface Answer {
  code: number;
  stdout: string;
  stderr: string;
}

export type Kubectl = (args: readonly string[], input?: string) => Promise<Answer>;

export function runner(program: string, kubeconfig: string, home: string): Kubectl {
  return (args, input = "") =>
    new Promise((resolve) => {
      const env = { ...process.env, KUBECONFIG: kubeconfig, HOME: home };
      const options = { env, timeout: 180_000 * patience };
      const child = execFile(program, patiently(args), options, (error, stdout, stderr) => {
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
