import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { QmpClient } from "./client.ts";
import { QmpClosed, QmpError, QmpProtocolError, QmpTimeout } from "./errors.ts";

const greeting = '{"QMP":{"version":{"qemu":{"micro":0,"minor":1,"major":9}}}}\r\n';

/** A peer that greets and answers each request as `answer` says; undefined: not at all. */
async function withPeer(
  answer: (command: string, id: number, socket: Socket) => string | undefined,
  run: (path: string) => Promise<void>,
  hello = greeting,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "vmpod-qmp-"));
  const path = join(directory, "qmp.sock");
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.write(hello);
    socket
      .on("error", () => undefined)
      .on("data", (data: Buffer) => {
        for (const line of data.toString().trim().split("\n")) {
          const { execute, id } = JSON.parse(line) as { execute: string; id: number };
          const text = execute === "qmp_capabilities" ? `{"return":{},"id":${id}}` : answer(execute, id, socket);
          if (text !== undefined && !socket.destroyed) socket.write(`${text}\r\n`);
        }
      });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  try {
    await run(path);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
    await rm(directory, { recursive: true });
  }
}

test("commands get their own answers, whatever their order", async () => {
  const held: [string, number][] = [];
  const answer = (command: string, id: number, socket: Socket): undefined => {
    held.push([command, id]);
    if (held.length < 2) return;
    for (const [name, each] of held.reverse()) socket.write(`{"return":{"name":"${name}"},"id":${each}}\r\n`);
  };
  await withPeer(answer, async (path) => {
    const qmp = await QmpClient.connect(path);
    const both = await Promise.all([qmp.execute("query-name"), qmp.execute("query-block")]);
    assert.deepEqual(both, [{ name: "query-name" }, { name: "query-block" }]);
    assert.equal(qmp.version, "9.1.0");
    qmp.close();
  });
});

test("a refusal names command, class and words, and its stack names the caller", async () => {
  await withPeer(
    (_, id) => `{"error":{"class":"DeviceNotFound","desc":"gone"},"id":${id}}`,
    async (path) => {
      const qmp = await QmpClient.connect(path);
      await assert.rejects(
        async function theCaller() {
          await qmp.execute("device_del", { id: "x" });
        },
        (error: QmpError) => {
          assert.ok(error instanceof QmpError);
          assert.equal(error.errorClass, "DeviceNotFound");
          assert.equal(error.message, "device_del: gone");
          assert.match(error.stack ?? "", /theCaller/);
          return true;
        },
      );
      qmp.close();
    },
  );
});

test("silence ends in a timeout, and a late answer is nobody's", async () => {
  await withPeer(
    () => undefined,
    async (path) => {
      const qmp = await QmpClient.connect(path);
      await assert.rejects(qmp.execute("query-status", {}, { timeoutMs: 20 }), QmpTimeout);
      qmp.close();
    },
  );
});

test("on close everything pending is rejected, and everything later", async () => {
  await withPeer(
    (_, __, socket) => void socket.destroy(),
    async (path) => {
      const qmp = await QmpClient.connect(path);
      const pending = [qmp.execute("query-status"), qmp.execute("query-block")];
      for (const result of await Promise.allSettled(pending)) {
        assert.ok(result.status === "rejected" && result.reason instanceof QmpClosed);
      }
      await qmp.closed;
      await assert.rejects(qmp.execute("cont"), QmpClosed);
    },
  );
});

test("events reach listeners until they stop listening", async () => {
  const event = '{"event":"STOP","timestamp":{"seconds":1,"microseconds":0}}\r\n';
  await withPeer(
    (_, id) => `${event}{"return":{},"id":${id}}`,
    async (path) => {
      const qmp = await QmpClient.connect(path);
      const seen: string[] = [];
      const stop = qmp.onEvent(({ event }) => seen.push(event));
      await qmp.execute("stop");
      stop();
      await qmp.execute("stop");
      assert.deepEqual(seen, ["STOP"]);
      qmp.close();
    },
  );
});

test("a peer that is no QEMU is recognised", async () => {
  await withPeer(
    () => undefined,
    (path) => assert.rejects(QmpClient.connect(path), QmpProtocolError),
    "HTTP/1.1 400\r\n",
  );
  await withPeer(
    () => undefined,
    (path) => assert.rejects(QmpClient.connect(path, { timeoutMs: 30 }), QmpTimeout),
    "",
  );
  await assert.rejects(QmpClient.connect("/nonexistent/qmp.sock"), QmpClosed);
});

test("garbage in the middle closes the connection and rejects what waits", async () => {
  await withPeer(
    () => "}{",
    async (path) => {
      const qmp = await QmpClient.connect(path);
      await assert.rejects(qmp.execute("query-status"), QmpClosed);
    },
  );
});
