/** What serves a file system, as the launcher's image has it, without any privilege, and without a guest. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { after, before, test, type TestContext } from "node:test";
import { buildImages } from "../../images/build-images.ts";
import { eventually } from "../embedded/instance.ts";
import { cacheDir } from "../fixtures/cache.ts";
import { unpackImage } from "../fixtures/unpack-image.ts";

const directory = mkdtempSync(join(tmpdir(), "vmpod-virtiofs-"));
const launcher = join(directory, "launcher");
const shared = join(directory, "shared");
const socket = join(directory, "virtiofs.sock");

before(async () => {
  const [image] = await buildImages({ cacheDir, only: ["launcher"] });
  await unpackImage(image?.tarPath ?? "", launcher);
  mkdirSync(shared);
  for (const each of [directory, shared]) {
    chmodSync(each, 0o755);
    chownSync(each, 107, 107);
  }
});
after(() => rmSync(directory, { recursive: true }));

/** As a pod's container is: of a group beside its own, and with nothing that it could gain. */
const confined = [
  "--reuid=107",
  "--regid=107",
  "--groups=107",
  "--inh-caps=-all",
  "--bounding-set=-all",
  "--no-new-privs",
];

async function share(context: TestContext): Promise<ChildProcess> {
  const program = join(launcher, "usr/libexec/vmpod/share-directory");
  const server = spawn("setpriv", [...confined, "sh", program, shared, socket], { stdio: "inherit" });
  context.after(() => void server.kill("SIGKILL"));
  await eventually("it listens", 60_000, () => {
    assert.equal(server.exitCode, null, "it ended before it listened");
    return existsSync(socket) || undefined;
  });
  return server;
}

/** virtiofsd takes one connection, and takes its name away. */
async function connected(): Promise<Socket> {
  const client = connect(socket);
  await once(client, "connect");
  await eventually("its name is gone", 60_000, () => (existsSync(socket) ? undefined : true));
  return client;
}

test("it is asked to end before anybody connects, and ends", { timeout: 300_000 }, async (t) => {
  const server = await share(t);
  server.kill("SIGTERM");
  await once(server, "exit");
  rmSync(socket, { force: true });
});

test("it is asked to end while a guest may write, and ends when the guest is gone", { timeout: 300_000 }, async (t) => {
  const server = await share(t);
  const client = await connected();
  server.kill("SIGTERM");
  await delay(1_000);
  assert.equal(server.exitCode ?? server.signalCode, null);
  const ended = once(server, "exit");
  client.destroy();
  const [code] = await ended;
  assert.equal(code, 0);
});
