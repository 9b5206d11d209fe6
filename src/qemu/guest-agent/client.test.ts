import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "../../base/property.fixture.ts";
import { QmpClosed, QmpError, QmpTimeout } from "../qmp/errors.ts";
import { GuestAgent } from "./client.ts";
import { guestInterfaces, guestOsInfo, guestUsers } from "./queries.ts";

type Answer = (command: string, args: { id?: number }, socket: Socket) => string | Buffer | undefined;

/** A guest that answers as `answer` says. */
async function withGuest(answer: Answer, run: (agent: GuestAgent) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "vmpod-qga-"));
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket
      .on("error", () => undefined)
      .on("data", (data: Buffer) => {
        const lines = data.toString("latin1").replaceAll("\u00ff", "").trim().split("\n").filter(Boolean);
        for (const line of lines) {
          const request = JSON.parse(line) as { execute: string; arguments: { id?: number } };
          const text = answer(request.execute, request.arguments, socket);
          if (text !== undefined && !socket.destroyed) socket.write(text);
        }
      });
  });
  const path = join(directory, "qga.sock");
  await new Promise<void>((resolve) => server.listen(path, resolve));
  try {
    await run(new GuestAgent(path));
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
    await rm(directory, { recursive: true });
  }
}

const synchronised = (id: number | undefined): Buffer =>
  Buffer.concat([Buffer.of(0xff), Buffer.from(`{"return":${id}}\n`)]);

/** Synchronises properly, then answers `value` to anything. */
function guestSaying(value: unknown): Answer {
  return (command, { id }) =>
    command === "guest-sync-delimited" ? synchronised(id) : `${JSON.stringify({ return: value })}\n`;
}

test("what an earlier call left in the channel is not taken for an answer", async () => {
  const stale = Buffer.from('{"return":"stale"}\n{"return": 5}\n{"retu');
  const answer: Answer = (command, { id }) =>
    command === "guest-sync-delimited" ? Buffer.concat([stale, synchronised(id)]) : '{"return":"fresh"}\n';
  await withGuest(answer, async (agent) => assert.equal(await agent.call("guest-ping"), "fresh"));
});

test("a guest without an agent costs a timeout, and the next call starts afresh", async () => {
  let present = false;
  const answer: Answer = (command, args, socket) => (present ? guestSaying("here")(command, args, socket) : undefined);
  await withGuest(answer, async (agent) => {
    await assert.rejects(agent.call("guest-ping", {}, { timeoutMs: 30 }), QmpTimeout);
    present = true;
    assert.equal(await agent.call("guest-ping"), "here");
  });
});

test("a refusal is the guest's error", async () => {
  const answer: Answer = (command, { id }) =>
    command === "guest-sync-delimited" ? synchronised(id) : '{"error":{"class":"CommandNotFound","desc":"no"}}\n';
  await withGuest(answer, (agent) =>
    assert.rejects(
      agent.call("guest-exec"),
      (error: QmpError) => error instanceof QmpError && error.errorClass === "CommandNotFound",
    ),
  );
});

test("a channel that closes rejects the call", async () => {
  await withGuest(
    (_, __, socket) => void socket.destroy(),
    (agent) => assert.rejects(agent.call("guest-ping"), QmpClosed),
  );
});

test("no answer to a shutdown is success, no agent is not", async () => {
  const silent: Answer = (command, { id }) => (command === "guest-sync-delimited" ? synchronised(id) : undefined);
  await withGuest(silent, (agent) => agent.send("guest-shutdown", {}, { timeoutMs: 50 }));
  await withGuest(
    () => undefined,
    (agent) => assert.rejects(agent.send("guest-shutdown", {}, { timeoutMs: 50 }), QmpTimeout),
  );
});

test("whatever a guest says, queries give values of the stated types", async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), async (value) => {
      await withGuest(guestSaying(value), async (agent) => {
        for (const each of await guestInterfaces(agent)) assert.equal(typeof each.name, "string");
        for (const each of await guestUsers(agent)) assert.equal(typeof each.name, "string");
        const { name } = await guestOsInfo(agent);
        assert.ok(name === undefined || !/\p{Cc}/u.test(name));
      });
    }),
    { numRuns: 30 },
  );
});
