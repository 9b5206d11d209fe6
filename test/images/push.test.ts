/** `vmpod images` against Debian's docker-registry (the distribution project's), which wants a token from a server of ours. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { after, before, test } from "node:test";
import { cacheDir } from "../fixtures/cache.ts";
import { freePort } from "../fixtures/free-port.ts";
import { fetchPackages, packageRoot } from "../../images/debian/packages.ts";
import { readImageTar } from "../../src/storage/oci/read-image-tar.ts";
import { bin, eventually, type Output, succeed } from "../embedded/instance.ts";

const login = { username: "pusher", password: "pass:word" };

let directory = "";
let registry: ChildProcess;
let ended: Promise<unknown>;
let host = "";
const tokens = createTokenServer();

before(async () => {
  await fetchPackages(cacheDir, ["docker-registry"]);
  directory = await mkdtemp(join(tmpdir(), "vmpod-registry-"));
  await new Promise<void>((resolve) => tokens.server.listen(0, "127.0.0.1", resolve));
  host = `127.0.0.1:${await freePort()}`;
  await writeFile(join(directory, "registry.yml"), configuration());
  const program = join(packageRoot(cacheDir, "docker-registry"), "usr/bin/docker-registry");
  registry = spawn(program, ["serve", join(directory, "registry.yml")], { stdio: "ignore" });
  ended = once(registry, "exit");
  await untilServing();
});

after(async () => {
  tokens.server.close();
  registry.kill();
  await ended;
  await rm(directory, { recursive: true });
});

test("without a login the registry's refusal says what to do", async () => {
  const { status, stderr } = await vmpod("images", "push", `${host}/lab`, "pause");
  assert.equal(status, 1);
  assert.match(stderr, /getting a token: 401 .*; log in first, e\.g\. with `docker login 127\.0\.0\.1:\d+`/);
});

test("an image is pushed with docker's login, and lies there under its tags, byte for byte", async () => {
  const auth = Buffer.from(`${login.username}:${login.password}`).toString("base64");
  await writeFile(join(directory, "config.json"), JSON.stringify({ auths: { [host]: { auth } } }));
  const printed = succeed(await vmpod("images", "push", `${host}/lab`, "pause", "--tag", "try-1"), "push");
  const references = printed.trim().split(/\s+/);
  assert.equal(references[0], `${host}/lab/pause:try-1`);
  assert.equal(references.length, 2);
  assert.deepEqual(tokens.scopes, ["repository:lab/pause:pull"]);

  succeed(await vmpod("images", "save", directory, "pause", "--tag", "try-1"), "save");
  const image = await readImageTar(join(directory, "pause.tar"));
  for (const reference of references) {
    const answer = await fetchFrom(`/v2/lab/pause/manifests/${reference.slice(reference.lastIndexOf(":") + 1)}`);
    assert.deepEqual(answer, image.manifest);
  }
  for (const layer of image.layers)
    assert.deepEqual(await fetchFrom(`/v2/lab/pause/blobs/${layer.digest}`), layer.blob);
});

test("what is there is not sent again", async () => {
  const { stderr } = await vmpod("images", "push", `${host}/lab`, "pause", "--tag", "try-2");
  assert.doesNotMatch(stderr, /MiB sent/);
  assert.match(stderr, /was there/);
});

test("a saved image carries the names that pods use", async () => {
  const target = join(directory, "saved");
  const saved = await vmpod("images", "save", target, "pause", "--registry", "r.example.org/p", "--tag", "v9");
  assert.match(succeed(saved, "vmpod images save"), /r\.example\.org\/p\/pause:v9/);
  assert.match((await readFile(join(target, "pause.tar"))).toString("latin1"), /"r\.example\.org\/p\/pause:v9"/);
});

/** Our own server must be able to answer meanwhile. */
async function vmpod(...args: string[]): Promise<Output> {
  const env = { ...process.env, DOCKER_CONFIG: directory, VMPOD_CACHE: cacheDir };
  const child = spawn(bin, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { status: status as number | null, stdout, stderr };
}

async function fetchFrom(path: string): Promise<Buffer> {
  const headers = { authorization: "Bearer any", accept: "application/vnd.oci.image.manifest.v1+json, */*" };
  const response = await fetch(`http://${host}${path}`, { headers });
  assert.equal(response.status, 200, path);
  return Buffer.from(await response.arrayBuffer());
}

/** Its "silly" access control asks for a token and takes any. */
function configuration(): string {
  const { port } = tokens.server.address() as AddressInfo;
  return JSON.stringify({
    version: 0.1,
    storage: { filesystem: { rootdirectory: join(directory, "storage") } },
    http: { addr: host },
    log: { level: "error" },
    auth: { silly: { realm: `http://127.0.0.1:${port}/token`, service: "trial" } },
  });
}

function createTokenServer(): { server: Server; scopes: string[] } {
  const scopes: string[] = [];
  const expected = `Basic ${Buffer.from(`${login.username}:${login.password}`).toString("base64")}`;
  const server = createServer((request, response): void => {
    if (request.headers.authorization !== expected) return void response.writeHead(401).end();
    scopes.push(new URL(request.url ?? "", "http://tokens").searchParams.get("scope") ?? "");
    response.end(JSON.stringify({ token: "t" }));
  });
  return { server, scopes };
}

async function untilServing(): Promise<void> {
  await eventually("docker-registry serves", 60_000, async () => {
    assert.equal(registry.exitCode, null, "docker-registry did not start");
    const signal = AbortSignal.timeout(5_000);
    const answer = await fetch(`http://${host}/v2/`, { signal }).catch(() => undefined);
    return answer?.status === 401 || undefined;
  });
}
