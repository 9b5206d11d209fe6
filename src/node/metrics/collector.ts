/**
 * The metrics of this node's guests, taken when somebody asks. Who asks at the same time as another gets the same answer; a few guests are
 * sampled at a time, and what is not there when the whole has taken too long is left out.
 */
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { nodeMetrics } from "../../telemetry/catalogue/node.ts";
import { Scrape } from "../../telemetry/scrape.ts";
import { launcherOf, type ObserveContext } from "../domain/observe.ts";
import type { GuestAgents } from "../guest/guest-agents.ts";
import type { QemuProcess } from "../process/find-qemu.ts";
import { createBalloonPolling } from "./balloon-polling.ts";
import { createGuestFigures } from "./guest-figures.ts";
import { reportMachine } from "./report-machine.ts";
import { sampleMachine } from "./sample-machine.ts";
import { within } from "../../base/within.ts";

export interface NodeMetrics {
  /** Prometheus text. */
  text(): Promise<string>;
  close(): void;
}

export type CollectorContext = Pick<ObserveContext, "vmis" | "launchers" | "finder" | "monitors" | "records"> & {
  guests: GuestAgents;
  nodeName: string;
  /** Told beside this node's. */
  otherMetrics?: () => Promise<string>;
};

const atOnce = 16;
/** Prometheus waits ten seconds. */
const wholeMs = 8_000;

export function createNodeMetrics(context: CollectorContext): NodeMetrics {
  const figures = createGuestFigures();
  const polling = createBalloonPolling();
  let collecting: Promise<string> | undefined;

  async function collect(): Promise<string> {
    const scrape = new Scrape();
    scrape.add(nodeMetrics.handlerReady, {}, 1);
    const others = within(wholeMs, context.otherMetrics?.() ?? Promise.resolve(""));
    const running = await machinesOf(context);
    figures.keepOnly(running.map(({ qemu }) => qemu));
    await within(wholeMs, forEach(running, sampleInto));
    return `${await scrape.text()}\n${(await others) ?? ""}`;

    async function sampleInto({ vmi, qemu }: Machine): Promise<void> {
      const { namespace = "", name = "", uid = "" } = vmi.metadata ?? {};
      const sample = await sampleMachine({
        qemu,
        monitor: () => context.monitors.of(`${namespace}/${name}`, qemu),
        guests: context.guests,
        figures,
        polling,
        panics: context.records.of(uid).panics,
      });
      reportMachine(scrape, { node: context.nodeName, namespace, name }, sample);
    }
  }

  return {
    text() {
      collecting ??= collect().finally(() => {
        collecting = undefined;
      });
      return collecting;
    },
    close: () => polling.close(),
  };
}

interface Machine {
  vmi: VirtualMachineInstance;
  qemu: QemuProcess;
}

async function machinesOf({ vmis, launchers, finder }: CollectorContext): Promise<Machine[]> {
  const running = vmis.list().filter(({ status }) => status?.phase === "Running");
  const found = await Promise.all(
    running.map(async (vmi) => {
      const pod = launcherOf(launchers, vmi);
      const qemu = pod && (await finder.find(pod.metadata?.uid ?? ""));
      return qemu === undefined ? [] : [{ vmi, qemu }];
    }),
  );
  return found.flat();
}

async function forEach<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = items.values();
  const worker = async (): Promise<void> => {
    for (const item of waiting) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
