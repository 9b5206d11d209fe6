import { Duplex } from "node:stream";
import type { Command } from "commander";
import { spliceWebSocket } from "../../streams/splice-web-socket.ts";
import { type Connection, withConnection } from "../connection.ts";
import { forwardTcp } from "../forward/tcp.ts";
import { forwardUdp } from "../forward/udp.ts";
import { type ForwardedPort, parseForwardedPort } from "../forward/port.ts";
import { openStream } from "../open-stream.ts";
import { examples } from "../program.ts";
import type { Machine } from "../subresource.ts";
import { parseTarget } from "../target.ts";
import { interrupted } from "../interrupted.ts";

interface PortForwardOptions {
  address: string;
  stdio?: string | boolean;
}

export function define(command: Command): void {
  command
    .argument("<type/name[/namespace]>", "vm/NAME or vmi/NAME")
    .argument("<ports...>", "[protocol/]localPort[:targetPort]; protocol is tcp (default) or udp")
    .option("--address <ip>", "address to open the local ports on", "127.0.0.1")
    .option("--stdio [bool]", "forward one port to standard input and output")
    .action((target: string, ports: string[], options: PortForwardOptions) =>
      portForward(command, target, ports, options),
    );
  examples(
    command,
    ["Reach the guest's web server at http://127.0.0.1:8080", "vmpod port-forward vm/legacy 8080:80"],
    ["A UDP port", "vmpod port-forward vmi/legacy udp/5353:53"],
    ["As a ProxyCommand of ssh", "vmpod port-forward --stdio=true vmi/legacy/default 22"],
  );
}

async function portForward(
  command: Command,
  text: string,
  words: string[],
  options: PortForwardOptions,
): Promise<void> {
  const ports = words.map(parseForwardedPort);
  await withConnection(command, async (connection) => {
    const machine = parseTarget(text, connection.namespace);
    if (options.stdio !== undefined && options.stdio !== "false") {
      await forwardStdio(connection, machine, ports);
      return;
    }
    for (const port of ports) await forward(connection, machine, port, options.address);
    await interrupted();
  });
}

async function forwardStdio(connection: Connection, machine: Machine, ports: ForwardedPort[]): Promise<void> {
  const [port] = ports;
  if (!port || ports.length > 1) throw new Error("only one port supported when forwarding to stdout");
  const ws = await openStream(connection, machine, portPath(port));
  await spliceWebSocket(ws, Duplex.from({ readable: process.stdin, writable: process.stdout }));
}

async function forward(connection: Connection, machine: Machine, port: ForwardedPort, address: string): Promise<void> {
  const open = () => openStream(connection, machine, portPath(port));
  const listen = port.protocol === "udp" ? forwardUdp : forwardTcp;
  const local = await listen({ address, port: port.local, open });
  console.log(`Forwarding from ${address}:${local} -> ${port.remote}`);
}

function portPath({ remote, protocol }: ForwardedPort): string {
  return `portforward/${remote}/${protocol}`;
}
