import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { StatusError } from "../../base/errors.ts";
import { createVncSessions } from "./vnc.ts";

const directory = await mkdtemp(join(tmpdir(), "vmpod-vnc-"));
const path = join(directory, "vnc.sock");
const display = createServer().listen(path);
await once(display, "listening");
after(async () => {
  display.close();
  await rm(directory, { recursive: true });
});

test("of two who come at once one is left", async () => {
  const sessions = createVncSessions();
  const both = await Promise.all([sessions.open("n/one", path, false), sessions.open("n/one", path, false)]);
  assert.equal(both.filter(({ destroyed }) => !destroyed).length, 1);
  for (const socket of both) socket.destroy();
});

test("who is to leave a session alone leaves one alone that came at the same time", async () => {
  const sessions = createVncSessions();
  const first = sessions.open("n/one", path, false);
  const second = sessions.open("n/one", path, true);
  await assert.rejects(second, (error) => error instanceof StatusError && error.code === 409);
  const kept = await first;
  assert.equal(kept.destroyed, false);
  kept.destroy();
});
