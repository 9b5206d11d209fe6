import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { claimInstance } from "../embedded/claim-instance.ts";
import { patience, patiently } from "../embedded/instance.ts";
import { firstPortOf } from "../embedded/instance-ports.ts";
import { currentKubectl } from "../fixtures/kubectl.ts";

/**
 * An embedded vmpod of its own for the command line's tests, beside whatever else runs on the machine, driven only
 * by `bin/vmpod` and stock kubectl.
 */
const program = resolve(import.meta.dirname, "../../bin/vmpod");
export const kubectlProgram = currentKubectl();

const number = 4;
const firstPort = firstPortOf(number);
const directory = mkdtempSync(join(tmpdir(), "vmpod-cli-"));
const location = ["--data-dir", join(directory, "data"), "--run-dir", join(directory, "run")];
const shape = [
  ["--name", "vt4"],
  ["--api-port", String(firstPort + 443)],
  ["--kubelet-port", String(firstPort + 250)],
  ["--vm-port", String(firstPort + 260)],
  ["--pod-cidr", "10.14.0.0/16"],
  ["--service-cidr", "10.24.0.0/16"],
].flat();

/** Neither the user's kubeconfig nor that of another vmpod on the machine is looked at. */
const environment = { ...process.env, HOME: directory, VMPOD_RUN_DIR: join(directory, "run"), KUBECONFIG: "" };

/** The administrator of the instance. */
export const kubectlEnvironment = { ...environment, KUBECONFIG: join(directory, "data", "kubeconfig", "admin") };

export interface Result {
  code: number | null;
  stdout: string;
  stderr: string;
}

export function scratch(name: string): string {
  return join(directory, name);
}

export async function bringUp(): Promise<void> {
  claimInstance(number);
  const { code, stderr } = await vmpod(["up", "--detach", ...location, ...shape]);
  assert.equal(code, 0, stderr);
}

export async function takeDown(): Promise<void> {
  const { code, stderr } = await vmpod(["down", "--purge", "--grace-period", "5", ...location]);
  assert.equal(code, 0, stderr);
  rmSync(directory, { recursive: true });
}

/** Starts a command whose end the test does not wait for. */
export function startVmpod(...args: string[]): ChildProcess {
  return spawn(program, args, { env: environment });
}

/** A command that does not end by then is killed: it has no exit code. */
const timeout = 300_000 * patience;

export function vmpod(args: string[], input = ""): Promise<Result> {
  return finish(spawn(program, args, { env: environment, timeout }), input);
}

export function startKubectl(args: string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn(kubectlProgram, args, { env: { ...kubectlEnvironment, ...env } });
}

export function kubectl(args: string[], input = "", env: NodeJS.ProcessEnv = {}): Promise<Result> {
  return finish(spawn(kubectlProgram, patiently(args), { env: { ...kubectlEnvironment, ...env }, timeout }), input);
}

/** As `kubectl`, for what must succeed. */
export async function kubectlOutput(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await kubectl(args);
  assert.equal(code, 0, `kubectl ${args.join(" ")}: ${stderr}`);
  return stdout;
}

export async function apply(...objects: object[]): Promise<void> {
  const list = { apiVersion: "v1", kind: "List", items: objects };
  const { code, stderr } = await kubectl(["apply", "-f", "-"], JSON.stringify(list));
  assert.equal(code, 0, stderr);
}

/** Kills one of the instance's own processes; its supervisor starts it again. */
export function killProcess(name: "apiserver" | "controller" | "agent"): void {
  const { pid } = JSON.parse(readFileSync(join(directory, "run", "pid", name), "utf8")) as { pid: number };
  process.kill(pid, "SIGKILL");
}

export async function finish(child: ChildProcess, input: string): Promise<Result> {
  const { stdin, stdout, stderr } = piped(child);
  // A program may end without reading its input; its status tells.
  stdin.on("error", () => undefined);
  stdin.end(input);
  const [out, err, [code]] = await Promise.all([text(stdout), text(stderr), once(child, "close")]);
  return { code: code as number | null, stdout: out, stderr: err };
}

export function piped({ stdin, stdout, stderr }: ChildProcess) {
  assert.ok(stdin && stdout && stderr);
  return { stdin, stdout, stderr };
}
