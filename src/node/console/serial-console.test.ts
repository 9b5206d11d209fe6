import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { WebSocket, WebSocketServer } from "ws";
import { lastLine, openSerialConsole } from "./serial-console.ts";

test("output is drained without a client, a client sees the prompt and types, the next one takes its place", async () => {
  const directory = await mkdtemp(join(tmpdir(), "vmpod-console-"));
  const path = join(directory, "serial0.sock");
  const qemu = createServer().listen(path);
  const connected = once(qemu, "connection") as Promise<[Socket]>;
  const serial = await openSerialConsole(path);
  const [guest] = await connected;

  // More than any socket buffer holds: a reader that stopped would stall the guest.
  await new Promise<void>((resolve) => guest.write(Buffer.alloc(4 * 1024 * 1024, "x"), () => resolve()));
  await new Promise<void>((resolve) => guest.write("\r\nlogin: ", () => resolve()));
  while (!serial.tail().endsWith("login: ")) await new Promise((resolve) => setImmediate(resolve));

  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  server.on("connection", (ws) => void serial.attach(ws));
  await once(server, "listening");
  const open = () => new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);

  const first = open();
  assert.equal(String((await once(first, "message"))[0]), "login: ");
  first.send(Buffer.from("root\r"));
  assert.equal(String((await once(guest, "data"))[0]), "root\r");

  const second = open();
  await Promise.all([once(first, "close"), once(second, "message")]);
  guest.write("Password: ");
  assert.equal(String((await once(second, "message"))[0]), "Password: ");

  guest.destroy();
  await Promise.all([serial.closed, once(second, "close")]);
  await once(open(), "close"); // who comes when it has just gone does not wait for ever
  server.close();
  qemu.close();
  await rm(directory, { recursive: true });
});

test("what a new client is shown", () => {
  const table: [string, string][] = [
    ["", ""],
    ["booting\r\nlogin: ", "login: "],
    ["done\r\n", ""],
    ["\u001b[6n", ""],
  ];
  for (const [tail, expected] of table) assert.equal(lastLine(tail), expected, JSON.stringify(tail));
});
