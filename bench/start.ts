/**
 * How long a machine takes from `kubectl apply` until it runs and until its guest agent answers, next to a bare QEMU with
 * the same arguments and disk, round by round; and how long `vmpod up` takes with everything in its caches.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { bin, succeed, type TestInstance } from "../test/embedded/instance.ts";
import { machine } from "../test/embedded/machines.ts";
import { qemusOf } from "../test/embedded/processes.ts";
import { startBareQemu } from "./lib/bare-qemu.ts";
import { timeStart, withInstance } from "./lib/bench-instance.ts";
import { median, rounded, type Row, writeReport } from "./lib/report.ts";

const rounds = 5;
const upRounds = 3;

interface Round {
  runningMs: number;
  answeredMs: number;
  bareMs: number;
}

await withInstance(async (instance) => {
  const measured: Round[] = [];
  for (let round = 1; round <= rounds; round += 1) measured.push(await startOne(instance, `start${round}`));
  const ups: Up[] = [];
  for (let round = 1; round <= upRounds; round += 1) ups.push(await upOnce(instance));
  const answered = median(measured.map(({ answeredMs }) => answeredMs));
  const bare = median(measured.map(({ bareMs }) => bareMs));
  const rows = [
    row(
      "machine: apply -> Running",
      measured.map(({ runningMs }) => runningMs),
    ),
    row(
      "machine: apply -> guest agent answers",
      measured.map(({ answeredMs }) => answeredMs),
    ),
    row(
      "bare QEMU: start -> guest agent answers",
      measured.map(({ bareMs }) => bareMs),
    ),
    row(
      "vmpod up (warm): start -> API answers",
      ups.map(({ apiMs }) => apiMs),
    ),
    row(
      "vmpod up (warm): start -> node Ready",
      ups.map(({ readyMs }) => readyMs),
    ),
  ];
  const text = `One machine of 128 MiB at a time, each followed by a bare QEMU in the same run; wall time, TCG or KVM as the node has it. A machine answers ${rounded(answered / bare, 2)} times as late as the bare QEMU (medians). It also reads its cloud-init medium, joins a pod network and gets its address by DHCP, which the bare QEMU does only in part.`;
  writeReport({ name: "start", title: "Time to start", text, rows });
});

/** Ends the machine before the bare QEMU starts, so that each has the processors for itself. */
async function startOne(instance: TestInstance, name: string): Promise<Round> {
  const times = timeStart(instance, name);
  instance.apply(machine({ name }));
  const { runningMs, answeredMs } = await times;
  const [qemu] = qemusOf(instance.name, name);
  if (!qemu) throw new Error(`machine ${name} has no QEMU`);
  const bare = await startBareQemu(qemu, { whenReady: () => instance.kubectl("delete", "vm", name, "--timeout=60s") });
  await bare.stop();
  return { runningMs, answeredMs, bareMs: bare.answeredMs };
}

interface Up {
  apiMs: number;
  readyMs: number;
}

async function upOnce(instance: TestInstance): Promise<Up> {
  succeed(instance.down("--grace-period", "1"), "vmpod down");
  const startedAt = performance.now();
  const child = spawn(bin, ["up", "--detach", ...instance.location, ...instance.shape], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let apiMs = 0;
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (line.includes("the API answers")) apiMs = performance.now() - startedAt;
  });
  const [status] = (await once(child, "close")) as [number | null];
  if (status !== 0) throw new Error(`vmpod up ended with status ${status}`);
  return { apiMs, readyMs: performance.now() - startedAt };
}

function row(what: string, milliseconds: readonly number[]): Row {
  const seconds = milliseconds.map((value) => value / 1000);
  return {
    what,
    rounds: seconds.length,
    "median s": rounded(median(seconds), 2),
    "min s": rounded(Math.min(...seconds), 2),
    "max s": rounded(Math.max(...seconds), 2),
  };
}
