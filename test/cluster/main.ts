/**
 * A real Kubernetes of two nodes on this machine, to try things on and for tests:
 *
 *   npm run cluster:up    [-- --number N]   builds what is not in the cache, starts it; does nothing when it is up
 *   npm run cluster:down  [-- --number N]   removes every trace of it, also after a failed or killed start; --all: of every number
 *   sh scripts/with-node.sh --system test/cluster/main.ts build    only fills the cache
 *   sh scripts/with-node.sh --system test/cluster/main.ts status
 */
import { parseArgs } from "node:util";
import pc from "picocolors";
import { messageOf } from "../../src/base/errors.ts";
import { dropCluster, findCluster, keepCluster, type StartOptions } from "./cluster.ts";
import { cacheDir } from "../fixtures/cache.ts";
import { provideBinaries } from "./kubernetes/binaries.ts";
import { findLeftovers } from "./leftovers.ts";
import { highestNumber, planCluster } from "./plan.ts";
import { type Progress, stepper } from "./progress.ts";

const startedAt = performance.now();
const usage = `usage: main.ts build|up|down|status [--number 1..${highestNumber}] [--nodes N] [--static NODE] [--all]`;

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(pc.red(`${seconds()} s  ${messageOf(error)}`));
  process.exitCode = 1;
}

async function main(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      number: { type: "string" },
      nodes: { type: "string" },
      static: { type: "string", multiple: true, default: [] },
      all: { type: "boolean" },
    },
  });
  const number = Number(values.number ?? 1);
  switch (positionals[0]) {
    case "build":
      await build();
      return 0;
    case "up":
      return await up(number, { nodeCount: Number(values.nodes ?? 2), staticNodes: values.static });
    case "down":
      for (const each of values.all ? allNumbers() : [number]) await down(each);
      return 0;
    case "status":
      return await status();
    default:
      console.error(usage);
      return 2;
  }
}

async function build(): Promise<void> {
  const say = (step: string): void => print({ step, state: "note" });
  await stepper(print)("Kubernetes' programs", () => provideBinaries({ cacheDir, say }));
}

async function up(number: number, options: StartOptions): Promise<number> {
  const { kubeconfig, server, logDir, wasUp } = await keepCluster(number, { ...options, onProgress: print });
  console.log(`${seconds().padStart(6)} s  ${pc.green("ok")}  cluster ${number} ${wasUp ? "was up already" : "is up"}: ${server}

  export KUBECONFIG=${kubeconfig}
  logs: ${logDir}`);
  return 0;
}

async function down(number: number): Promise<void> {
  await dropCluster(number, (holder) => print({ step: `waiting for ${holder}`, state: "note" }));
  print({ step: `cluster ${number} is gone, nothing is left`, state: "done", ms: performance.now() - startedAt });
}

async function status(): Promise<number> {
  for (const number of allNumbers()) {
    const cluster = await findCluster(number);
    const { processes, directories } = await findLeftovers(planCluster(number));
    if (cluster) console.log(`${number}  up    ${cluster.kubeconfig}  (${processes.length} processes)`);
    else if (processes.length + directories.length > 0)
      console.log(`${number}  starting or left over; remove with: npm run cluster:down -- --number ${number}`);
  }
  return 0;
}

function allNumbers(): number[] {
  return Array.from({ length: highestNumber }, (_, index) => index + 1);
}

function print(progress: Progress): void {
  const how = progress.state === "note" ? "  " : pc.green("ok");
  const took =
    progress.state === "done"
      ? pc.dim(` (${progress.cached ? "cached, " : ""}${(progress.ms / 1000).toFixed(1)} s)`)
      : "";
  console.log(`${seconds().padStart(6)} s  ${how}  ${progress.step}${took}`);
}

function seconds(): string {
  return ((performance.now() - startedAt) / 1000).toFixed(1);
}
