import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Command } from "commander";
import { type Connection, withConnection } from "../connection.ts";
import { failing } from "../failing.ts";
import { forwardTcp } from "../forward/tcp.ts";
import { interrupted } from "../interrupted.ts";
import { isProgram } from "../is-program.ts";
import { openStream } from "../open-stream.ts";
import { examples } from "../program.ts";
import { parseTarget } from "../target.ts";

interface UsbOptions {
  launch: boolean;
}

const address = "127.0.0.1";
const client = "usbredirect";

export function define(command: Command): void {
  command
    .argument("<device-or-vmi>", "vendor:product or bus-device; with --no-launch alone: name of the instance")
    .argument("[vmi]", "name of the VirtualMachineInstance")
    .option("--no-launch", `start no ${client}; print where it is to connect to`)
    .action((first: string, second: string | undefined, options: UsbOptions) =>
      usbredir(command, readWords(first, second, options), options),
    );
  examples(
    command,
    ["Lend the guest a USB stick of this machine", "vmpod usbredir 0951:1666 legacy"],
    [`Only the address, for a ${client} of your own`, "vmpod usbredir --no-launch legacy"],
  );
}

interface Words {
  device: string | undefined;
  vmi: string;
}

/** @throws Error when it is not said which device */
export function readWords(first: string, second: string | undefined, { launch }: UsbOptions): Words {
  if (second === undefined) {
    if (launch) throw new Error("which device? Name it as vendor:product or bus-device, before the instance");
    return { device: undefined, vmi: first };
  }
  if (!/^([\da-f]{4}:[\da-f]{4}|\d{1,3}-\d{1,3})$/i.test(first)) {
    throw new Error(`device ${JSON.stringify(first)} is neither vendor:product nor bus-device, e.g. 0951:1666 or 1-4`);
  }
  return { device: first, vmi: second };
}

async function usbredir(command: Command, { device, vmi }: Words, { launch }: UsbOptions): Promise<void> {
  if (launch && !isProgram(client)) {
    throw new Error(`${client} was not found: install it (Debian: usbredirect), or use --no-launch`);
  }
  await withConnection(command, async (connection) => {
    const port = await listen(connection, vmi);
    const arguments_ = ["--device", device ?? "VENDOR:PRODUCT", "--to", `${address}:${port}`];
    if (launch) await runClient(arguments_);
    else {
      console.log(`The USB slot is at ${address}:${port}. Connect with: ${client} ${arguments_.join(" ")}`);
      await interrupted();
    }
  });
}

/** Reaches the machine before it listens, so that a refusal is told at once; the first client gets that stream. */
async function listen(connection: Connection, name: string): Promise<number> {
  const machine = { ...parseTarget(name, connection.namespace), kind: "vmi" as const };
  const open = () => openStream(connection, machine, "usbredir");
  const first = [await failing(`Can't access VMI ${machine.name}:`, open())];
  return forwardTcp({
    address,
    port: 0,
    open: async () => {
      const ready = first.pop();
      return ready?.readyState === ready?.OPEN && ready ? ready : open();
    },
  });
}

async function runClient(arguments_: readonly string[]): Promise<void> {
  const child = spawn(client, arguments_, { stdio: "inherit" });
  const [status] = (await once(child, "close")) as [number | null];
  if (status !== 0)
    throw new Error(`${client} ended with status ${status}: it needs access to the device, mostly root's`);
}
