/** The cluster's DNS server: answers for the cluster's zone from memory, passes everything else to the host's resolvers. */
import { createSocket, type Socket as DatagramSocket } from "node:dgram";
import { createServer, type Socket } from "node:net";
import type { Answer, Packet } from "dns-packet";
import dnsPacket from "dns-packet";
import type { Logger } from "../../base/log.ts";
import { forward } from "./forward.ts";
import { type DnsRecord, type DnsZone, isOurs, lookup } from "./records.ts";

export interface DnsServerOptions {
  zone: DnsZone;
  address: string;
  port: number;
  log: Logger;
  signal: AbortSignal;
}

const ttlSeconds = 5;
const largestUdpAnswerBytes = 1232;
const authoritative = dnsPacket.AUTHORITATIVE_ANSWER | dnsPacket.RECURSION_AVAILABLE;

/** Resolves when UDP and TCP are bound. @throws when the address or port is taken */
export async function startDnsServer(options: DnsServerOptions): Promise<void> {
  await Promise.all([listenUdp(options), listenTcp(options)]);
}

async function listenUdp(options: DnsServerOptions): Promise<void> {
  const socket: DatagramSocket = createSocket({ type: "udp4", reuseAddr: true });
  socket.on("message", (message, peer) => {
    void answer(options, message).then((reply) => reply && socket.send(fitUdp(reply), peer.port, peer.address));
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(options.port, options.address, resolve);
  });
  socket.on("error", (error) => options.log.warn({ err: error }, "DNS socket"));
  options.signal.addEventListener("abort", () => socket.close(), { once: true });
}

async function listenTcp(options: DnsServerOptions): Promise<void> {
  const server = createServer((socket) => serveTcp(options, socket));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.address, resolve);
  });
  options.signal.addEventListener("abort", () => server.close(), { once: true });
}

/** Messages over TCP carry a length of two bytes before each. */
function serveTcp(options: DnsServerOptions, socket: Socket): void {
  let pending = Buffer.alloc(0);
  socket.setTimeout(10_000, () => socket.destroy());
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const end = 2 + pending.readUInt16BE(0);
      const message = pending.subarray(2, end);
      pending = pending.subarray(end);
      void answer(options, message).then((reply) => reply && socket.writable && socket.write(framed(reply)));
    }
  });
}

/** @returns undefined for what is no question: it gets no answer. */
async function answer({ zone, log }: DnsServerOptions, message: Buffer): Promise<Buffer | undefined> {
  try {
    const query = dnsPacket.decode(message);
    const [question] = query.questions ?? [];
    if (query.type !== "query" || !question) return undefined;
    if (!isOurs(zone, question.name)) return await forward(message, query);
    return dnsPacket.encode(authoritativeAnswer(zone, query, question));
  } catch (error) {
    log.debug({ err: error }, "dropped a DNS message");
    return undefined;
  }
}

function authoritativeAnswer(zone: DnsZone, query: Packet, question: { name: string; type: string }): Packet {
  const result = lookup(zone, question.name, question.type);
  // The record type's code is not in dns-packet's types, the response code sits in the low bits of the flags.
  const notFound = 3;
  return {
    type: "response",
    id: query.id ?? 0,
    flags: authoritative | (result.found ? 0 : notFound),
    questions: query.questions ?? [],
    answers: result.found ? shuffled(result.records).map(wireRecord) : [],
  };
}

function wireRecord(record: DnsRecord): Answer {
  const common = { name: record.name, ttl: ttlSeconds };
  if (record.type === "A") return { ...common, type: "A", data: record.address };
  if (record.type === "SRV")
    return { ...common, type: "SRV", data: { port: record.port, target: record.target, priority: 0, weight: 100 } };
  return { ...common, type: record.type, data: record.target };
}

/** Clients take the first address, so the order spreads the load. */
function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item);
}

/** Too long for UDP: the header and question with the truncation bit, so that the client asks again over TCP. */
function fitUdp(reply: Buffer): Buffer {
  if (reply.length <= largestUdpAnswerBytes) return reply;
  const packet = dnsPacket.decode(reply);
  return dnsPacket.encode({
    type: "response",
    id: packet.id ?? 0,
    flags: (packet.flags ?? 0) | dnsPacket.TRUNCATED_RESPONSE,
    questions: packet.questions ?? [],
  });
}

function framed(reply: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(reply.length);
  return Buffer.concat([length, reply]);
}
