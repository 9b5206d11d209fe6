/** Whatever of vmpod is killed: guests and containers go on, nothing is lost, and soon everything answers again. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fetchText } from "./fetch-text.ts";
import { hostTraces, noTraces } from "./host-traces.ts";
import { bin, eventually, type Output, run, succeed } from "./instance.ts";
import { machine, service, web, smallestMemory } from "./machines.ts";
import { type Part, parts, pidOf } from "./parts.ts";
import { parentOf, podProcesses, qemusOf } from "./processes.ts";
import { useInstance } from "./use-instance.ts";

const instance = useInstance("vmtcrash", 2);
const { kubectl, tryKubectl, apply, fieldOf } = instance;
const bootMs = 400_000;
/** Patience, no promise: it takes about a second, and the console another two. */
const recoveryMs = 30_000;

let address = "";

before(async () => {
  const publish = "while true; do cut -d' ' -f1 /proc/uptime >/tmp/uptime; mv /tmp/uptime /www/uptime; sleep 1; done";
  const runcmd = ["cp /proc/sys/kernel/random/boot_id /www/boot-id", `(${publish}) >/dev/null 2>&1 &`];
  apply(machine({ name: "phoenix", runcmd }), service("phoenix"), web());
  kubectl("wait", "--for=condition=Available", "deployment/web", "--timeout=60s");
  address = fieldOf("service/phoenix", ".spec.clusterIP");
  await eventually("the guest answers", bootMs, () => fetchFromHost("uptime"));
});

for (const part of parts) {
  test(`kill -9 of ${part}: the guest goes on, the objects stay, everything answers again`, async () => {
    const before = await observe();
    const pids = new Map(parts.map((each) => [each, pidOf(instance, each)] as const));
    kill(part);
    const killed = performance.now();

    await eventually(
      "everything runs again",
      left(killed),
      () => isWhole(part, pids.get(part)),
      () => status().stdout,
    );
    const uptime = await eventually("the Service answers from the host", left(killed), () => fetchFromHost("uptime"));
    assert.ok(Number(uptime) >= Number(before.uptime), `uptime ${uptime} after ${before.uptime}`);
    await eventually("the Service answers from a container", left(killed), () => fetchFromContainer("uptime"));
    await eventually("the console answers", left(killed), consoleAnswers);

    const now = await observe();
    assert.deepEqual({ ...now, uptime: "" }, { ...before, uptime: "" });
    assert.equal(qemusOf(instance.name, "phoenix").length, 1);
    for (const other of parts.filter((each) => each !== part))
      assert.equal(pidOf(instance, other), pids.get(other), other);
    await eventually("the guest's clock goes on", recoveryMs, async () => {
      const text = await fetchFromHost("uptime");
      return text !== undefined && Number(text) > Number(now.uptime) ? text : undefined;
    });
  });
}

test("kill -9 of supervisor and agent at once: status says what to do, and that takes everything over", async () => {
  const before = await observe();
  const api = pidOf(instance, "apiserver");
  kill("supervisor");
  kill("agent");
  const { status: code, stdout } = await eventually("both are gone", recoveryMs, () => {
    const shown = status();
    return shown.stdout.match(/not running/g)?.length === 2 ? shown : undefined;
  });
  assert.equal(code, 3);
  assert.match(stdout, /`vmpod up --detach`/);
  const explain = () => instance.vmpod("explain", "vm/phoenix").stdout;
  await eventually(
    "explain tells of the agent",
    recoveryMs,
    () => /the vmpod agent of node \S+ does not answer/.test(explain()) || undefined,
    explain,
  );
  assert.equal(pidOf(instance, "apiserver"), api);
  succeed(instance.up(), "vmpod up");
  await eventually("the Service answers from a container", recoveryMs, () => fetchFromContainer("uptime"));
  assert.deepEqual({ ...(await observe()), uptime: "" }, { ...before, uptime: "" });
});

test("a crash while machines are created leaves one pod and one QEMU each, and all of them run", async (t) => {
  const seed = Date.now() % 2 ** 31;
  t.diagnostic(`seed ${seed}`);
  const random = randomFrom(seed);
  const rounds: Part[][] = [["controller"], ["agent"], ["apiserver"], ["controller", "agent", "apiserver"]];
  const names = rounds.map((_, round) => `torn${round}`);
  for (const [round, victims] of rounds.entries()) {
    const manifest = machine({ name: `torn${round}`, memory: smallestMemory });
    await eventually("the API takes the machine", recoveryMs, () => appliedOrUndefined(manifest));
    await Promise.all(victims.map((part) => killAfter(part, random() * 1000)));
  }
  for (const name of names) {
    await eventually(
      `${name} runs`,
      bootMs,
      () => fieldOf(`vmi/${name}`, ".status.phase") === "Running" || undefined,
      () => `seed ${seed}\n${tryKubectl(["get", "vm,vmi,pods"]).stdout}`,
    );
    const pods = kubectl("get", "pods", "-l", `vm.kubevirt.io/name=${name}`, "-o", "name").trim().split("\n");
    assert.equal(pods.length, 1, `seed ${seed}: ${pods.join(" ")}`);
    assert.equal(qemusOf(instance.name, name).length, 1, `seed ${seed}: QEMUs of ${name}`);
  }
});

test("down right after kill -9 of the supervisor: the one that is being brought back does not stay", async () => {
  kill("supervisor");
  // The agent has noticed, and the next supervisor is not at work yet.
  await delay(700);
  succeed(instance.down("--grace-period", "2"), "vmpod down");
  // Long enough for whatever has escaped to start everything again.
  await delay(4_000);
  assert.deepEqual(hostTraces(instance.name, instance.dataDir), noTraces);
});

interface Observation {
  bootId: string;
  uptime: string;
  /** By kind and name: identity and wishes of everything that a user or a controller made. */
  objects: Record<string, unknown>;
  containers: string[];
}

async function observe(): Promise<Observation> {
  const kinds = "vm,vmi,pods,deployments,replicasets,services,configmaps,secrets,namespaces,serviceaccounts,crd";
  const { items } = JSON.parse(kubectl("get", kinds, "-A", "-o", "json")) as { items: StoredObject[] };
  const objects = items.map(({ kind, metadata: { name, namespace = "", uid }, spec, data }) => {
    return [`${kind} ${namespace}/${name}`, { uid, spec, data }] as const;
  });
  const page = (path: string) => eventually(`the guest shows ${path}`, recoveryMs, () => fetchFromHost(path));
  return {
    bootId: await page("boot-id"),
    uptime: await page("uptime"),
    objects: Object.fromEntries(objects),
    // The container's processes too: none was started anew.
    containers: lastingProcesses()
      .filter((line) => !line.includes("uptime"))
      .sort(),
  };
}

/** Without the copy of itself that a web server makes for each question, e.g. a probe's. */
function lastingProcesses(): string[] {
  const processes = podProcesses(instance.name);
  const lines = new Map(processes.map(({ pid, argv }) => [pid, argv.join(" ")]));
  return processes
    .filter(({ pid }) => lines.get(parentOf(pid)) !== lines.get(pid))
    .map(({ pid }) => `${pid} ${lines.get(pid)}`);
}

interface StoredObject {
  kind: string;
  metadata: { name: string; namespace?: string; uid: string };
  spec?: unknown;
  data?: unknown;
}

async function fetchFromHost(path: string): Promise<string | undefined> {
  return (await fetchText(`http://${address}/${path}`, 5_000)) || undefined;
}

function fetchFromContainer(path: string): string | undefined {
  const url = `http://phoenix/${path}`;
  const { status, stdout } = tryKubectl(["exec", "deploy/web", "--", "timeout", "3", "wget", "-q", "-O", "-", url]);
  return status === 0 ? stdout : undefined;
}

/** Presses Enter until the guest asks who is there, then leaves. */
async function consoleAnswers(): Promise<true | undefined> {
  const child = spawn(bin, ["--kubeconfig", instance.kubeconfig, "console", "phoenix"]);
  const ended = once(child, "close");
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  child.stdin.on("error", () => undefined); // it ended first: then nothing was answered
  const enter = setInterval(() => child.stdin.write("\r"), 200);
  try {
    return await eventually("the login prompt", 10_000, () => text.includes("login:") || undefined);
  } catch {
    return undefined; // looked at again until the caller's time is over
  } finally {
    clearInterval(enter);
    child.stdin.end("\x1d");
    await ended;
  }
}

function kill(part: Part): void {
  const pid = pidOf(instance, part);
  if (pid !== undefined) process.kill(pid, "SIGKILL");
}

function isWhole(part: Part, killed: number | undefined): true | undefined {
  return pidOf(instance, part) !== killed && status().status === 0 && answers() ? true : undefined;
}

function answers(): boolean {
  return tryKubectl(["get", "--raw", "/readyz"]).status === 0;
}

function status(): Output {
  return run([bin, "status", ...instance.location]);
}

function left(since: number): number {
  return Math.max(0, recoveryMs - (performance.now() - since));
}

function appliedOrUndefined(manifest: object): true | undefined {
  return tryKubectl(["apply", "-f", "-"], JSON.stringify(manifest)).status === 0 ? true : undefined;
}

/** At its moment the process may be one that was started since, or just be dead. */
async function killAfter(part: Part, waitMs: number): Promise<void> {
  await delay(waitMs);
  try {
    kill(part);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Repeatable: a linear congruential generator is random enough for moments. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
