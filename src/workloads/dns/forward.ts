/** Passes a question to the resolvers of the host, by the transport it came with: an answer too long for UDP comes by TCP. */
import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { getServers } from "node:dns";
import type { Packet } from "dns-packet";
import dnsPacket from "dns-packet";

export type Transport = "udp" | "tcp";

const timeoutMs = 2_000;

/** The first answer of the host's resolvers, tried in order; SERVFAIL when none answers. */
export async function forward(
  message: Buffer,
  query: Packet,
  transport: Transport,
  servers: readonly string[] = getServers(),
): Promise<Buffer> {
  for (const server of servers) {
    const ask = transport === "tcp" ? askByTcp : askByUdp;
    const reply = await ask(addressOf(server), message);
    if (reply && reply.length > 2 && reply.readUInt16BE(0) === query.id) return reply;
  }
  const serverFailure = 2;
  return dnsPacket.encode({
    type: "response",
    id: query.id ?? 0,
    flags: dnsPacket.RECURSION_AVAILABLE | serverFailure,
    questions: query.questions ?? [],
  });
}

interface Address {
  host: string;
  port: number;
}

/** The first message that bears the question's id. */
function askByUdp({ host, port }: Address, message: Buffer): Promise<Buffer | undefined> {
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  return new Promise((resolve) => {
    let isDone = false;
    const finish = (reply: Buffer | undefined) => {
      if (isDone) return;
      isDone = true;
      clearTimeout(timer);
      socket.close();
      resolve(reply);
    };
    const timer = setTimeout(() => finish(undefined), timeoutMs);
    socket.on("error", () => finish(undefined));
    socket.on("message", (reply) => {
      if (reply.length > 2 && reply.readUInt16BE(0) === message.readUInt16BE(0)) finish(reply);
    });
    // Connected, it hears nobody but the resolver.
    socket.once("connect", () => socket.send(message));
    socket.connect(port, host);
  });
}

function askByTcp({ host, port }: Address, message: Buffer): Promise<Buffer | undefined> {
  const socket = connect({ host, port });
  return new Promise((resolve) => {
    let received = Buffer.alloc(0);
    const finish = (reply: Buffer | undefined) => {
      socket.destroy();
      resolve(reply);
    };
    socket.setTimeout(timeoutMs, () => finish(undefined));
    socket.on("error", () => finish(undefined));
    socket.on("close", () => finish(undefined));
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0))
        finish(received.subarray(2, 2 + received.readUInt16BE(0)));
    });
    const length = Buffer.alloc(2);
    length.writeUInt16BE(message.length);
    socket.write(Buffer.concat([length, message]));
  });
}

/** `1.2.3.4`, `1.2.3.4:5353` or `[::1]:53`, as Node prints them. */
function addressOf(server: string): Address {
  const bracketed = /^\[(.*)\](?::(\d+))?$/.exec(server);
  if (bracketed) return { host: bracketed[1] ?? "", port: Number(bracketed[2] ?? 53) };
  const [host = "", port] = server.split(":").length === 2 ? server.split(":") : [server];
  return { host, port: Number(port ?? 53) };
}
