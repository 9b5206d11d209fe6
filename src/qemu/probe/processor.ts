/**
 * What processors this machine can give its guests, as QEMU itself says: asked of one that runs no machine, and thrown away.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Socket } from "node:net";
import { QmpClosed } from "../qmp/errors.ts";
import { qemuProgram } from "../domain/arguments.ts";
import { QmpClient } from "../qmp/client.ts";
import { endWithParent, noSuchProgram } from "./end-with-parent.ts";
import type { CpuDefinition, CpuModel } from "../qmp/commands.ts";

export interface Processor {
  /** Models that have nothing that this machine lacks. */
  models: string[];
  /** Of the processor that `host-model` stands for. */
  features: string[];
  /** E.g. `GenuineIntel`. */
  vendor: string;
  /** The named model that is nearest to it. */
  hostModel: string;
  /** What it has beyond that model. */
  beyondHostModel: string[];
}

const startTimeoutMs = 10_000;
/** Its end of a pair of sockets: nothing of it lies in any directory. */
const monitorFd = 3;
const monitor = ["-chardev", `socket,id=monitor,fd=${monitorFd}`, "-mon", "chardev=monitor,mode=control"];
const noMachine = ["-machine", "none", "-nodefaults", "-no-user-config", "-display", "none", "-S"];

export async function queryProcessor(accelerator: "kvm" | "tcg", program = qemuProgram): Promise<Processor> {
  const [command = program, ...args] = [...endWithParent, program, ...noMachine, "-accel", accelerator, ...monitor];
  const qemu = spawn(command, args, { stdio: ["ignore", "ignore", "ignore", "pipe"] });
  const ended = once(qemu, "exit").then(([code]) => {
    if (code === noSuchProgram) throw new Error(`there is no ${program} (ENOENT): is QEMU installed?`);
    throw new Error(`${program} ended (exit ${code}) before it said what processors there are`);
  });
  // Of one that ends, its exit code tells more than its monitor.
  const answer = askThrough(qemu.stdio[monitorFd] as Socket, accelerator).catch((error: unknown) => {
    if (error instanceof QmpClosed) return ended;
    throw error;
  });
  try {
    return await Promise.race([answer, ended]);
  } finally {
    qemu.kill("SIGKILL");
  }
}

async function askThrough(socket: Socket, accelerator: "kvm" | "tcg"): Promise<Processor> {
  const qmp = await QmpClient.over(socket, "the monitor of a QEMU without a machine", { timeoutMs: startTimeoutMs });
  try {
    const expand = async (name: string) =>
      (await qmp.execute("query-cpu-model-expansion", { type: "static", model: { name } })).model;
    const host = { ...(await expand(wholeModel[accelerator])), name: wholeModel[accelerator] };
    const models = usableModels(await qmp.execute("query-cpu-definitions"));
    const named = new Map<string, CpuModel>();
    for (const name of models) named.set(name, await expand(name));
    return describeProcessor(host, named);
  } finally {
    qmp.close();
  }
}

/** Everything that the accelerator can give. */
const wholeModel = { kvm: "host", tcg: "max" };

/** What nobody should be offered: processors of the last century, and names that are not models. */
const passedOver =
  /^(max|host|base|486|pentium.*|coreduo|core2duo|n270|Conroe|athlon|phenom|(qemu|kvm)(32|64))(-v\d+)?$/;

export function usableModels(definitions: readonly CpuDefinition[]): string[] {
  return definitions
    .filter(({ name, "unavailable-features": missing = ["unknown"] }) => missing.length === 0 && !passedOver.test(name))
    .map(({ name }) => name);
}

/** Of the models of the same maker the one with most features is the nearest. What is emulated is nobody's: it is its own. */
export function describeProcessor(host: CpuModel, named: ReadonlyMap<string, CpuModel>): Processor {
  const features = featuresOf(host);
  const vendor = vendorOf(host);
  const kin = host.name === wholeModel.tcg ? [] : [...named].filter(([, model]) => vendorOf(model) === vendor);
  const nearest = kin.toSorted(([, one], [, other]) => featuresOf(other).length - featuresOf(one).length)[0];
  const [hostModel, model] = nearest ?? [host.name, host];
  const covered = new Set(featuresOf(model));
  return {
    models: [...named.keys()].sort(),
    features,
    vendor,
    hostModel,
    beyondHostModel: features.filter((feature) => !covered.has(feature)),
  };
}

/** Without KVM's own, which are the hypervisor's and not the processor's. */
function featuresOf({ props = {} }: CpuModel): string[] {
  return Object.keys(props)
    .filter((name) => props[name] === true && !name.startsWith("kvm"))
    .sort();
}

function vendorOf({ props = {} }: CpuModel): string {
  return typeof props["vendor"] === "string" ? props["vendor"] : "";
}
