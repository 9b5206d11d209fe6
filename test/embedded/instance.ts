/** A whole embedded vmpod for tests: brought up and down by `bin/vmpod`, driven by stock kubectl. */
import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { claimInstance } from "./claim-instance.ts";
import { firstPortOf } from "./instance-ports.ts";

export const root = resolve(import.meta.dirname, "../..");
export const bin = join(root, "bin/vmpod");

export interface Output {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** The ways into an API: stock kubectl, and vmpod as its client. */
export interface ApiTools {
  kubeconfig: string;
  /** @throws when kubectl fails */
  kubectl: (...args: string[]) => string;
  tryKubectl: (args: string[], input?: string) => Output;
  apply: (...objects: object[]) => string;
  /** A field of an object by JSONPath, without braces; empty when it, or the object, is not there. */
  fieldOf: (object: string, path: string) => string;
  vmpod: (...args: string[]) => Output;
}

export interface TestInstance extends ApiTools {
  name: string;
  dataDir: string;
  runDir: string;
  nodeAddress: string;
  /** Of the node agent's own API. */
  vmPort: number;
  /** The flags that tell `vmpod` which instance is meant. */
  location: readonly string[];
  /** The flags of `vmpod up` that make it differ from others. */
  shape: readonly string[];
  up: () => Output;
  down: (...flags: string[]) => Output;
}

/**
 * A name, directories, ports and networks that no other instance on this machine uses.
 *
 * @param number of 0 to 19; no other file has it that may run at the same time. 4 and 5 are the command line's and the kubelet's own.
 */
export function testInstance(name: string, number: number, ...flags: string[]): TestInstance {
  const dataDir = mkdtempSync(join(tmpdir(), `vmpod-${name}-`));
  const runDir = join(dataDir, "run");
  const kubeconfig = join(dataDir, "kubeconfig", "admin");
  const firstPort = firstPortOf(number);
  const vmPort = firstPort + 260;
  const location = ["--data-dir", dataDir, "--run-dir", runDir];
  const shape = Object.entries({
    "--name": name,
    "--api-port": String(firstPort + 443),
    "--kubelet-port": String(firstPort + 250),
    "--vm-port": String(vmPort),
    "--pod-cidr": `10.1${number}.0.0/16`,
    "--service-cidr": `10.2${number}.0.0/16`,
  })
    .flat()
    .concat(flags);
  return {
    name,
    dataDir,
    runDir,
    ...apiTools(kubeconfig),
    nodeAddress: `10.1${number}.0.1`,
    vmPort,
    location,
    shape,
    up() {
      claimInstance(number);
      return run([bin, "up", "--detach", ...location, ...shape], { timeoutMs: 300_000 });
    },
    down: (...flags) => run([bin, "down", ...location, ...flags], { timeoutMs: 120_000 }),
  };
}

export function apiTools(kubeconfig: string): ApiTools {
  const tryKubectl = (args: string[], input?: string) =>
    run(["kubectl", "--kubeconfig", kubeconfig, ...patiently(args)], { ...(input !== undefined && { input }) });
  return {
    kubeconfig,
    tryKubectl,
    kubectl(...args) {
      return succeed(tryKubectl(args), `kubectl ${args.join(" ")}`);
    },
    apply(...objects) {
      const list = JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
      return succeed(tryKubectl(["apply", "-f", "-"], list), "kubectl apply");
    },
    fieldOf: (object, path) => tryKubectl(["get", object, "--ignore-not-found", "-o", `jsonpath={${path}}`]).stdout,
    vmpod: (...args) => run([bin, "--kubeconfig", kubeconfig, ...args]),
  };
}

export interface RunOptions {
  input?: string;
  /** Added to our own environment. */
  env?: NodeJS.ProcessEnv;
  /** For a machine that does nothing else; default two minutes. */
  timeoutMs?: number;
}

export function run(argv: string[], options: RunOptions = {}): Output {
  const [program = "", ...args] = argv;
  return spawnSync(program, args, {
    encoding: "utf8",
    maxBuffer: 64 * 2 ** 20,
    timeout: (options.timeoutMs ?? 120_000) * patience,
    ...(options.input !== undefined && { input: options.input }),
    ...(options.env && { env: { ...process.env, ...options.env } }),
  });
}

export function succeed({ status, stdout, stderr }: Output, what: string): string {
  if (status !== 0) throw new Error(`${what} failed (${status}): ${stderr}${stdout}`);
  return stdout;
}

/** For kubectl: what it is to wait for takes longer beside other tests, too. */
export function patiently(args: readonly string[]): string[] {
  return args.map((word) =>
    word.replace(/^(--timeout=)(\d+)s$/, (_, flag, seconds) => `${flag}${+seconds * patience}s`),
  );
}

const firstPauseMs = 100;
const longestPauseMs = 2_000;
/** However long one takes. */
const fewestLooks = 3;
/** Beside other tests everything takes longer (scripts/test-chains.ts). */
export const patience = Number(process.env["VMPOD_TEST_PATIENCE"] ?? 1);

/** Looks again until `look` gives something, less often the longer it takes; the error names what was seen last. */
export async function eventually<T>(
  what: string,
  timeoutMs: number,
  look: () => T | undefined | Promise<T | undefined>,
  describe: () => string | Promise<string> = () => "",
): Promise<T> {
  const begin = performance.now();
  for (let looks = 1; ; looks++) {
    const found = await look();
    if (found !== undefined) return found;
    const waitedMs = performance.now() - begin;
    if (waitedMs > timeoutMs * patience && looks >= fewestLooks)
      throw new Error(`after ${Math.round(waitedMs)} ms still not: ${what}\n${await describe()}`);
    await delay(Math.min(Math.max(waitedMs / 8, firstPauseMs), longestPauseMs));
  }
}
