import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { test } from "node:test";
import dnsPacket, { type DecodedPacket, type Packet } from "dns-packet";
import fc from "../../base/property.fixture.ts";
import { createLogger } from "../../base/log.ts";
import { forward } from "./forward.ts";
import type { DnsZone } from "./records.ts";
import { answer, startDnsServer } from "./server.ts";
import { zone } from "./zone.fixture.ts";

/** RFC 1035, 4.1.1: the low bits of the flags. */
const [noError, serverFailure, noSuchName] = [0, 2, 3];
const codeOf = ({ flags = 0 }: DecodedPacket): number => flags & 0xf;

const log = createLogger("dns-test");
const query = (name: string, type: "A" | "SRV" = "A"): Packet => ({
  type: "query",
  id: 7,
  flags: dnsPacket.RECURSION_DESIRED,
  questions: [{ name, type }],
});

async function ask(packet: Packet, from: DnsZone = zone, transport: "udp" | "tcp" = "udp"): Promise<DecodedPacket> {
  const reply = await answer({ zone: from, log }, dnsPacket.encode(packet), transport);
  assert.ok(reply);
  return dnsPacket.decode(reply);
}

test("a name has its address, with the question's id", async () => {
  const reply = await ask(query("web.n.svc.cluster.local"));
  assert.equal(reply.id, 7);
  assert.equal(codeOf(reply), noError);
  assert.deepEqual(
    reply.answers?.map((record) => "data" in record && record.data),
    ["10.0.0.1"],
  );
});

test("no such name, and a name without such a record, are different answers", async () => {
  assert.equal(codeOf(await ask(query("gone.n.svc.cluster.local"))), noSuchName);
  const noData = await ask(query("web.n.svc.cluster.local", "SRV"));
  assert.deepEqual([codeOf(noData), noData.answers], [noError, []]);
});

test("an alias comes with what it leads to", async () => {
  const reply = await ask(query("alias.n.svc.cluster.local"));
  assert.deepEqual(
    reply.answers?.map((record) => [record.type, "data" in record && record.data]),
    [
      ["CNAME", "web.n.svc.cluster.local"],
      ["A", "10.0.0.1"],
    ],
  );
});

const crowded: DnsZone = {
  ...zone,
  slices: () =>
    [
      {
        addressType: "IPv4",
        endpoints: Array.from({ length: 60 }, (_, n) => ({ addresses: [`10.1.0.${n}`], conditions: { ready: true } })),
      },
    ] as unknown as ReturnType<DnsZone["slices"]>,
};

test("an answer too long for UDP is cut, to the size that the client takes, and comes whole by TCP", async () => {
  const plain = await ask(query("db.n.svc.cluster.local"), crowded);
  assert.deepEqual([plain.flag_tc, plain.answers], [true, []]);
  const extension = { type: "OPT", name: ".", udpPayloadSize: 4096, flags: 0, options: [] } as const;
  const few: DnsZone = {
    ...crowded,
    slices: () =>
      [crowded.slices("n", "db")[0]].map((each) => ({
        ...each,
        endpoints: each?.endpoints?.slice(0, 20),
      })) as ReturnType<DnsZone["slices"]>,
  };
  const small = { ...query("db.n.svc.cluster.local") };
  assert.equal((await ask(small, few)).flag_tc, true);
  const extended = { ...small, additionals: [extension] } as unknown as Packet;
  assert.equal((await ask(extended, few)).answers?.length, 20);
  assert.equal((await ask(query("db.n.svc.cluster.local"), crowded, "tcp")).answers?.length, 60);
});

test("no message makes it fail: noise, and questions with some bytes changed", async () => {
  const valid = dnsPacket.encode(query("db-0.db.n.svc.cluster.local"));
  const mutated = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 3 }).map((changes) => {
    const bytes = Buffer.from(valid);
    for (const [index, value] of changes) bytes[index] = value;
    // The name stays ours, or the question would go out to the machine's resolvers.
    valid.subarray(12).copy(bytes, 12, 0, valid.length - 16);
    return bytes;
  });
  const noise = fc.uint8Array({ maxLength: 60 }).map((bytes) => {
    const message = Buffer.from(bytes);
    if (message.length > 2) message[2] = (message[2] ?? 0) | 0x80; // a response, so nothing is forwarded
    return message;
  });
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(mutated, noise),
      fc.constantFrom("udp" as const, "tcp" as const),
      async (message, transport) => {
        const reply = await answer({ zone, log }, message, transport);
        if (reply) assert.equal(reply.readUInt16BE(0), message.readUInt16BE(0));
      },
    ),
    { numRuns: 500 },
  );
});

test("it serves UDP and TCP, survives noise on both, and ends with its signal", async () => {
  const stop = new AbortController();
  const port = await freePort();
  await startDnsServer({ zone, address: "127.0.0.1", port, log, signal: stop.signal });
  const message = dnsPacket.encode(query("web.n.svc.cluster.local"));

  const socket = createSocket("udp4");
  socket.send(Buffer.from("noise"), port, "127.0.0.1");
  socket.send(message, port, "127.0.0.1");
  const [reply] = (await once(socket, "message")) as [Buffer];
  assert.equal(dnsPacket.decode(reply).answers?.length, 1);
  socket.close();

  const forwarded = await forward(message, query("web.n.svc.cluster.local"), "tcp", [`127.0.0.1:${port}`]);
  assert.equal(dnsPacket.decode(forwarded).answers?.length, 1);
  const noisy = connect(port, "127.0.0.1");
  noisy.end(Buffer.from([0, 3, 1, 2, 3]));
  await once(noisy, "close");
  stop.abort();
});

test("resolvers are tried in order; when none answers, that is the answer", async () => {
  const dead = await freePort();
  const message = dnsPacket.encode(query("example.org"));
  const reply = await forward(message, query("example.org"), "tcp", [`127.0.0.1:${dead}`]);
  assert.equal(codeOf(dnsPacket.decode(reply)), serverFailure);
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
