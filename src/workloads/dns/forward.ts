/** Passes a question to the resolvers of the host. */
import { createSocket } from "node:dgram";
import { getServers } from "node:dns";
import type { Packet } from "dns-packet";
import dnsPacket from "dns-packet";

const timeoutMs = 2_000;

/** The first answer of the host's resolvers, tried in order; SERVFAIL when none answers. */
export async function forward(message: Buffer, query: Packet): Promise<Buffer> {
  for (const server of getServers()) {
    const reply = await ask(server, message, query.id ?? 0);
    if (reply) return reply;
  }
  const serverFailure = 2;
  return dnsPacket.encode({
    type: "response",
    id: query.id ?? 0,
    flags: dnsPacket.RECURSION_AVAILABLE | serverFailure,
    questions: query.questions ?? [],
  });
}

function ask(server: string, message: Buffer, id: number): Promise<Buffer | undefined> {
  const { host, port } = addressOf(server);
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  return new Promise((resolve) => {
    const finish = (reply: Buffer | undefined) => {
      clearTimeout(timer);
      socket.close();
      resolve(reply);
    };
    const timer = setTimeout(() => finish(undefined), timeoutMs);
    socket.once("error", () => finish(undefined));
    socket.on("message", (reply) => {
      if (reply.length > 2 && reply.readUInt16BE(0) === id) finish(reply);
    });
    socket.send(message, port, host);
  });
}

/** `1.2.3.4`, `1.2.3.4:5353` or `[::1]:53`, as Node prints them. */
function addressOf(server: string): { host: string; port: number } {
  const bracketed = /^\[(.*)\](?::(\d+))?$/.exec(server);
  if (bracketed) return { host: bracketed[1] ?? "", port: Number(bracketed[2] ?? 53) };
  const [host = "", port] = server.split(":").length === 2 ? server.split(":") : [server];
  return { host, port: Number(port ?? 53) };
}
