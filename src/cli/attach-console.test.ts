import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import type { WebSocket } from "ws";
import { acceptWebSocket, plainProtocol } from "../streams/accept-web-socket.ts";
import { dialWebSocket } from "../streams/dial-web-socket.ts";
import { attachConsole } from "./attach-console.ts";

/** Every connection is a guest that greets with its number and echoes; `guests` hands them to the test. */
async function withGuests(work: (open: () => Promise<WebSocket>, guests: () => Promise<WebSocket>) => Promise<void>) {
  const arrived = new PassThrough({ objectMode: true });
  let count = 0;
  const server = createServer();
  server.on("upgrade", (req, socket, head) => {
    void acceptWebSocket(req, socket, head, [plainProtocol]).then((accepted) => {
      assert.ok(accepted);
      count += 1;
      const { ws } = accepted;
      ws.send(Buffer.from(`guest ${count}\n`));
      ws.on("message", (data) => ws.send(data, { binary: true }));
      ws.resume();
      return arrived.write(ws);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    await work(
      () => dialWebSocket({ server: address }, "/console", [plainProtocol]),
      async () => (arrived.read() ?? (await once(arrived, "data"))[0]) as WebSocket,
    );
  } finally {
    server.close();
  }
}

interface Terminal {
  input: PassThrough;
  output: PassThrough;
  seen: () => string;
  until: (text: string) => Promise<void>;
}

function terminal(): Terminal {
  const [input, output] = [new PassThrough(), new PassThrough()];
  let seen = "";
  output.on("data", (chunk: Buffer) => {
    seen += chunk.toString();
    output.emit("seen");
  });
  const until = async (text: string): Promise<void> => {
    while (!seen.includes(text)) await once(output, "seen");
  };
  return { input, output, seen: () => seen, until };
}

const quiet = { onConnected: () => undefined, onBroken: () => undefined };

test("what is typed reaches the guest, up to Ctrl-], which leaves", async () => {
  await withGuests(async (open) => {
    const { input, output, seen, until } = terminal();
    const end = attachConsole({ open, input, output, ...quiet });
    await until("guest 1\n");
    input.write("echo me");
    await until("echo me");
    input.write("last\x1dnot this");
    assert.equal(await end, "left");
    assert.doesNotMatch(seen(), /not this/);
  });
});

test("a broken connection is made again; a closed one ends the session", async () => {
  await withGuests(async (open, guests) => {
    const { input, output, until } = terminal();
    let broken = 0;
    const end = attachConsole({ open, input, output, onConnected: () => undefined, onBroken: () => (broken += 1) });
    await until("guest 1\n");
    (await guests()).terminate();
    await until("guest 2\n");
    input.write("still here");
    await until("still here");
    assert.equal(broken, 1);
    (await guests()).close(1000);
    assert.equal(await end, "closed");
  });
});

test("Ctrl-] leaves also while there is no connection", async () => {
  const { input, output } = terminal();
  const end = attachConsole({ open: () => new Promise(() => undefined), input, output, ...quiet });
  input.write("\x1d");
  assert.equal(await end, "left");
});

test("a connection that is refused ends with the refusal", async () => {
  const { input, output } = terminal();
  const open = () => Promise.reject(new Error("no serial console"));
  await assert.rejects(attachConsole({ open, input, output, ...quiet }), /no serial console/);
});
