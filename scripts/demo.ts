/**
 * `npm run demo`: brings vmpod up if it is not, starts a virtual machine and a container side by side, and shows that
 * they reach each other by name. Everything goes through stock kubectl, as a user would do it.
 */
import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pc from "picocolors";

const root = resolve(import.meta.dirname, "..");
const manifest = join(root, "examples/demo.yaml");
const started = performance.now();
/** For each step. */
const timeoutMs = 180_000;

const up = vmpod("up", "--detach");
if (up.status !== 0) fail("vmpod did not start");
const kubeconfig = output(vmpod("kubeconfig", "--path")).trim();

step("applying examples/demo.yaml");
print(kubectl("apply", "-f", manifest));

await until("the container web is ready", () => {
  const ready = output(kubectl("get", "deployment", "web", "-o", "jsonpath={.status.readyReplicas}"));
  return { done: ready === "1", now: `${ready || 0} of 1 replicas ready` };
});
await until("the guest agent in legacy answers", () => {
  const path = '{.status.phase}/{.status.conditions[?(@.type=="AgentConnected")].status}';
  const state = output(kubectl("get", "vmi", "legacy", "-o", `jsonpath=${path}`));
  return { done: state === "Running/True", now: `phase ${state.split("/")[0] || "none yet"}` };
});

const fromContainer = await until("web fetches http://legacy", () => fetchFromLegacy("/"));
// The guest fetched http://web by itself when it started, and serves what it got.
const fromGuest = await until("legacy fetches http://web", () => fetchFromLegacy("/from-web.html"));

console.log(`
${pc.bold("container web  -> http://legacy :")} ${pc.green(fromContainer)}
${pc.bold("machine legacy -> http://web    :")} ${pc.green(fromGuest)}

${pc.dim("$ kubectl get vm,vmi,pods -o wide")}`);
print(kubectl("get", "vm,vmi,pods", "-o", "wide"));
console.log(`
Ready after ${seconds()} s. Next, try:

  export KUBECONFIG=${kubeconfig}
  bin/vmpod console legacy          # the serial console: user vmpod, password vmpod; Ctrl+] leaves
  kubectl logs deploy/web           # and: kubectl exec -it deploy/web -- sh
  bin/vmpod stop legacy             # then: kubectl get vm legacy; bin/vmpod start legacy
  bin/vmpod explain vm/legacy       # why it is not running, in one sentence
  bin/vmpod down                    # ends everything; \`npm run demo\` brings it back`);

/** Inside the container web: what http://legacy answers for this path. */
function fetchFromLegacy(path: string): Progress {
  const url = `http://legacy${path}`;
  const result = kubectl("exec", "deploy/web", "--", "timeout", "5", "wget", "-q", "-O", "-", url);
  return { done: result.status === 0, now: noAnswer(result.stderr), value: result.stdout.trim() };
}

interface Progress {
  done: boolean;
  /** What to show while waiting. */
  now: string;
  value?: string;
}

async function until(what: string, look: () => Progress): Promise<string> {
  const since = performance.now();
  let shown = "";
  for (;;) {
    const { done, now, value } = look();
    if (done) {
      step(what);
      return value ?? "";
    }
    if (now !== shown) console.log(pc.dim(`${seconds().padStart(6)} s    waiting until ${what}: ${now}`));
    shown = now;
    if (performance.now() - since > timeoutMs) fail(`gave up waiting until ${what}: ${now}`);
    await delay(500);
  }
}

function step(text: string): void {
  console.log(`${seconds().padStart(6)} s  ${pc.green("ok")}  ${text}`);
}

function vmpod(...args: string[]) {
  return spawnSync(join(root, "bin/vmpod"), args, {
    encoding: "utf8",
    stdio: ["ignore", args[0] === "up" ? "inherit" : "pipe", "inherit"],
  });
}

function vmpodQuietly(...args: string[]) {
  return spawnSync(join(root, "bin/vmpod"), ["--kubeconfig", kubeconfig, ...args], { encoding: "utf8" });
}

function kubectl(...args: string[]) {
  return spawnSync("kubectl", ["--kubeconfig", kubeconfig, ...args], { encoding: "utf8" });
}

function output({ stdout }: { stdout: string | null }): string {
  return stdout ?? "";
}

function print({ stdout, stderr }: { stdout: string; stderr: string }): void {
  process.stdout.write(stdout + stderr);
}

/** wget says nothing of its own when it gave up, only kubectl does, of the status. */
function noAnswer(stderr: string): string {
  const line = stderr.trim().split("\n").at(-1) ?? "";
  return /exit code (1|124|143)$/.test(line) ? "no answer yet" : line;
}

function seconds(): string {
  return ((performance.now() - started) / 1000).toFixed(1);
}

function fail(message: string): never {
  console.error(pc.red(`${seconds()} s  ${message}`));
  print(kubectl("get", "vm,vmi,pods", "-o", "wide"));
  print(vmpodQuietly("explain", "vm/legacy"));
  process.exit(1);
}
