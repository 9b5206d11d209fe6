/** The cluster's DNS server: answers for the cluster's zone from memory, passes everything else to the host's resolvers. */
import { createSocket, type Socket as DatagramSocket } from "node:dgram";
import { createServer, type Socket } from "node:net";
import type { Answer, Packet, Question } from "dns-packet";
import dnsPacket from "dns-packet";
import type { Logger } from "../../base/log.ts";
import { forward, type Transport } from "./forward.ts";
import { type DnsRecord, type DnsZone, isOurs, lookup } from "./records.ts";

export interface DnsServerOptions {
  zone: DnsZone;
  address: string;
  port: number;
  log: Logger;
  signal: AbortSignal;
}

const ttlSeconds = 5;
/** What a client takes that does not say more (RFC 1035), and what no network fragments. */
const plainUdpAnswerBytes = 512;
const largestUdpAnswerBytes = 1232;
const authoritative = dnsPacket.AUTHORITATIVE_ANSWER | dnsPacket.RECURSION_AVAILABLE;

/** Resolves when UDP and TCP are bound. @throws when the address or port is taken */
export async function startDnsServer(options: DnsServerOptions): Promise<void> {
  await Promise.all([listenUdp(options), listenTcp(options)]);
}

async function listenUdp(options: DnsServerOptions): Promise<void> {
  const socket: DatagramSocket = createSocket({ type: "udp4", reuseAddr: true });
  socket.on("message", (message, peer) => {
    void answer(options, message, "udp").then(
      (reply) => reply && !options.signal.aborted && socket.send(reply, peer.port, peer.address),
    );
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
      void answer(options, message, "tcp").then((reply) => reply && socket.writable && socket.write(framed(reply)));
    }
  });
}

/** @returns undefined for what is no question: it gets no answer. */
export async function answer(
  { zone, log }: Pick<DnsServerOptions, "zone" | "log">,
  message: Buffer,
  transport: Transport,
): Promise<Buffer | undefined> {
  try {
    const query = dnsPacket.decode(message);
    const [question] = query.questions ?? [];
    if (query.type !== "query" || !question) return undefined;
    if (!isOurs(zone, question.name)) return await forward(message, query, transport);
    const reply = dnsPacket.encode(await authoritativeAnswer(zone, query, question));
    return transport === "udp" ? fitUdp(reply, query) : reply;
  } catch (error) {
    log.debug({ err: error }, "dropped a DNS message");
    return undefined;
  }
}

async function authoritativeAnswer(zone: DnsZone, query: Packet, question: Question): Promise<Packet> {
  const result = lookup(zone, question.name, question.type);
  const records = result.found ? result.records : [];
  const alias = records.find((record) => record.type === "CNAME");
  const beyond = alias && question.type !== "CNAME" ? await resolve(zone, { ...question, name: alias.target }) : [];
  // The record type's code is not in dns-packet's types, the response code sits in the low bits of the flags.
  const notFound = 3;
  return {
    type: "response",
    id: query.id ?? 0,
    flags: authoritative | (result.found ? 0 : notFound),
    questions: query.questions ?? [],
    answers: [...shuffled(records).map(wireRecord), ...beyond],
  };
}

/** What an alias leads to: resolvers in containers do not ask again for it themselves. */
async function resolve(zone: DnsZone, question: Question): Promise<Answer[]> {
  if (isOurs(zone, question.name)) {
    const result = lookup(zone, question.name, question.type);
    return result.found ? result.records.map(wireRecord) : [];
  }
  const query: Packet = { type: "query", id: 1, flags: dnsPacket.RECURSION_DESIRED, questions: [question] };
  const reply = await forward(dnsPacket.encode(query), query, "tcp");
  return dnsPacket.decode(reply).answers ?? [];
}

function wireRecord(record: DnsRecord): Answer {
  const common = { name: record.name, ttl: ttlSeconds };
  if (record.type === "A" || record.type === "AAAA") return { ...common, type: record.type, data: record.address };
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
function fitUdp(reply: Buffer, query: Packet): Buffer {
  const extension = query.additionals?.find((record) => record.type === "OPT");
  const accepted = extension === undefined ? plainUdpAnswerBytes : extension.udpPayloadSize;
  if (reply.length <= Math.max(plainUdpAnswerBytes, Math.min(accepted, largestUdpAnswerBytes))) return reply;
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
