/**
 * How long a guest stands still when it moves between the nodes of a cluster, next to the same guest that is moved by hand from one bare QEMU
 * to another: turn by turn, and whichever does not move is paused.
 *
 *   npm run bench migration [-- --moves=N]
 */
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { virtualMachineInstances } from "../api/kubevirt/resources.ts";
import type { Client } from "../src/client/client.ts";
import { eventually, succeed } from "../test/embedded/instance.ts";
import { type Ledger, lossesOf } from "../test/migration/ledger.ts";
import { name } from "../test/migration/nomad.ts";
import { type NomadCluster, startNomadCluster } from "../test/migration/nomad-cluster.ts";
import { type BareNomad, startBareNomad } from "./lib/bare-nomad.ts";
import { type Contest, lossesIn, type Move, rebootsIn, rowsOf } from "./lib/moves.ts";
import { type Measured, moveOurs } from "./lib/our-moves.ts";
import { startPinger } from "./lib/pinger.ts";
import { median, writeReport } from "./lib/report.ts";

const { values } = parseArgs({ options: { moves: { type: "string", default: "20" } } });
const moves = Number(values.moves);
const bar = 1.2;
/** A guest that went on writes for so long before it moves. */
const warmUpMs = 1_000;
const patienceMs = 60_000;

const home = await startNomadCluster((line) => console.error(line));
try {
  const client = await home.cluster.connect();
  try {
    report(await compete(client));
  } finally {
    client.close();
  }
} finally {
  await home.stop();
}

async function compete(client: Client): Promise<Contest> {
  const [model] = home.nomad.qemus();
  if (!model) throw new Error("the guest has no QEMU");
  const vmi = await client.get(virtualMachineInstances, { namespace: "default", name });
  const bare = await startBareNomad(model, vmi);
  try {
    return await takeTurns(client, bare);
  } finally {
    await bare.stop();
  }
}

async function takeTurns(client: Client, bare: BareNomad): Promise<Contest> {
  const contest = { ours: [] as Move[], bare: [] as Move[] };
  let podAddress = podAddressOf(home);
  const moveThere = async (): Promise<Measured> => {
    const moved = await moveOurs(home, client, podAddress);
    ({ podAddress } = moved);
    return moved;
  };
  for (let turn = 1; turn <= moves; turn += 1) {
    await bare.pause();
    contest.ours.push(await watched(home.nomad, moveThere));
    pauseOurs(true);
    await bare.goOn();
    contest.bare.push(await watched(bare, () => moveBare(bare)));
    pauseOurs(false);
    console.error(`${turn}: vmpod ${JSON.stringify(contest.ours.at(-1))}, bare ${JSON.stringify(contest.bare.at(-1))}`);
  }
  return contest;
}

/** Sees to it that the guest writes, and afterwards whether it has lost anything. */
async function watched(guest: Ledger & { entriesOnClaim(): string[] }, move: () => Promise<Measured>): Promise<Move> {
  const read = <T>(look: () => Promise<T | undefined>) => eventually("the guest answers", patienceMs, look);
  await read(() => guest.entries());
  await delay(warmUpMs);
  const bootId = await read(() => guest.fetch("boot-id"));
  const published = (await read(() => guest.entries())).length;
  const measured = await move();
  const entries = await read(() => guest.entries());
  const lost = await guest.fetch("lost");
  const losses = lossesOf({ entries, onClaim: guest.entriesOnClaim(), lost }, published);
  for (const loss of losses) console.error(loss);
  return { ...measured, losses: losses.length, rebooted: (await read(() => guest.fetch("boot-id"))) !== bootId };
}

async function moveBare(bare: BareNomad): Promise<Measured> {
  const pinger = startPinger(bare.address);
  await delay(500);
  const startedAt = performance.now();
  const pause = await bare.move();
  const totalMs = performance.now() - startedAt;
  await delay(500);
  const { longestGapMs } = await pinger.stop();
  return { ...pause, totalMs, gapMs: longestGapMs };
}

/** Through the API, which would not understand a guest that stands still by itself. */
function pauseOurs(isPaused: boolean): void {
  succeed(home.tools.vmpod(isPaused ? "pause" : "unpause", "vmi", name), "vmpod pause");
  const wanted = isPaused ? "True" : "False";
  const path = ".status.conditions[?(@.type=='Paused')].status";
  const limit = performance.now() + patienceMs;
  while ((home.nomad.vmiField(path) || "False") !== wanted) {
    if (performance.now() > limit) throw new Error(`the guest's condition Paused is not ${wanted}`);
  }
}

function podAddressOf({ tools }: NomadCluster): string {
  const path = "jsonpath={.items[0].status.podIP}";
  return tools.kubectl("get", "pods", "-l", `vm.kubevirt.io/name=${name}`, "-o", path);
}

function report(contest: Contest): void {
  const { ours, bare } = contest;
  const ratio = median(ours.map((move) => move.standstillMs)) / median(bare.map((move) => move.standstillMs));
  const lossesAndReboots = `Lost writes: vmpod ${lossesIn(ours)}, bare ${lossesIn(bare)}. Reboots: vmpod ${rebootsIn(ours)}, bare ${rebootsIn(bare)}.`;
  const text = [
    `One guest of 128 MiB that writes all the time (to a file, a claim and an empty disk, each flushed) moves ${moves} times back and forth between the two nodes of a test cluster on this machine. After each of these moves the same guest is moved by hand between two QEMUs on the host, without pods, API or agents: the same QEMU, arguments, devices, image and load; whichever does not move is paused, and the cluster's processes run all the time.`,
    `Both send the same: memory over TLS, the root disk's overlay, the empty disk and the cloud-init medium by NBD mirrors over TLS, which end while the guest stands still; the claim is one file that both ends open. What differs: vmpod lets QEMU stop the guest for 25 ms at first, and for longer with each pass over its memory that did not suffice (docs/decisions/0019-how-long-a-guest-stands-still.md), where the bare QEMU has its default of 300 ms; the bare guest goes on by itself as soon as it has arrived, where vmpod's waits until its object says that it may; the bare QEMUs have a bridge on the host where pods have a network namespace with address translation each.`,
    `Downtime is what QEMU counts at the source; it ends before the target goes on. STOP and RESUME are QEMU's own events by the clock of the machine, which is both nodes' (for vmpod: the annotation vmpod.dev/migration-downtime-ms). The pinger asks every 10 ms from the host, at the addresses of both pods (the bare guest has one). The request is the creation of the migration object, or the start of the target's QEMU.`,
    `${lossesAndReboots} The guest stands still ${ratio.toFixed(2)} times as long as the bare one (medians, STOP -> RESUME; wanted: at most ${bar}).`,
  ];
  writeReport({
    name: "migration",
    title: "Live migration between two nodes",
    text: text.join("\n\n"),
    rows: rowsOf(contest),
  });
}
