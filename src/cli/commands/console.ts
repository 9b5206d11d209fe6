import type { Command } from "commander";
import { virtualMachineInstances } from "../../../api/kubevirt/resources.ts";
import { isStatus } from "../../base/errors.ts";
import { waitFor } from "../../client/wait-for.ts";
import { attachConsole, type ConsoleEnd } from "../attach-console.ts";
import { type Connection, withConnection } from "../connection.ts";
import { wholeNumber } from "../force.ts";
import { openStream } from "../open-stream.ts";
import { examples } from "../program.ts";
import type { Machine } from "../subresource.ts";
import { parseTarget } from "../target.ts";

interface ConsoleOptions {
  timeout: number;
}

export function define(command: Command): void {
  command
    .argument("<vmi>", "name of the VirtualMachineInstance")
    .option("--timeout <minutes>", "how long to wait for the machine, also when the connection breaks", wholeNumber, 5)
    .action((name: string, options: ConsoleOptions) => console_(command, name, options));
  examples(
    command,
    ["Type on the serial console; Ctrl-] leaves", "vmpod console legacy"],
    ["Wait a minute at most for the machine to run", "vmpod console legacy --timeout=1"],
  );
}

async function console_(command: Command, text: string, { timeout }: ConsoleOptions): Promise<void> {
  await withConnection(command, async (connection) => {
    const machine = { ...parseTarget(text, connection.namespace), kind: "vmi" as const };
    const { name } = machine;
    const open = () => openWhenRunning(connection, machine, timeout * 60_000);
    const end = await attachConsole({
      open,
      input: process.stdin,
      output: process.stdout,
      onConnected: () => note(`Successfully connected to ${name} console. The escape sequence is ^]`),
      onBroken: () => note(`The connection to ${name} broke; reconnecting for up to ${timeout} minutes`),
    });
    note(endings[end](name));
  });
}

const endings: Record<ConsoleEnd, (name: string) => string> = {
  left: (name) => `Left the console of ${name}; the machine goes on`,
  closed: (name) => `The console of ${name} was closed: the machine stopped or someone else connected`,
};

/** In raw mode the terminal does not return the carriage by itself. */
function note(line: string): void {
  process.stderr.write(process.stdin.isTTY ? `\r${line}\r\n` : `${line}\n`);
}

/** Waits for the machine to run, then for its node to take the connection. */
async function openWhenRunning(connection: Connection, machine: Machine, timeoutMs: number) {
  const signal = AbortSignal.timeout(timeoutMs);
  for (;;) {
    await waitFor(connection.client, virtualMachineInstances, machine, isRunning, { signal });
    try {
      return await openStream(connection, machine, "console");
    } catch (error) {
      const passing = isStatus(error, "ServiceUnavailable", "InternalError", "NotFound", "Conflict", "Timeout");
      if (!passing || signal.aborted) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

function isRunning(vmi: { status?: { phase?: string } } | undefined): boolean {
  return vmi?.status?.phase === "Running";
}
