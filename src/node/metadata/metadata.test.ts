import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../base/property.fixture.ts";
import { answer, type MetadataRequest } from "./answer.ts";
import { facts } from "./facts.fixture.ts";
import { read } from "./metadata-tree.ts";
import { createTokens } from "./tokens.ts";

const ttl = "x-aws-ec2-metadata-token-ttl-seconds";
const tokenHeader = "x-aws-ec2-metadata-token";

test("what is at which path", () => {
  const table: [string, string | undefined][] = [
    ["/", "2009-04-04\n2021-03-23\nlatest"],
    ["/latest", "dynamic/\nmeta-data/\nuser-data"],
    ["/latest/meta-data/instance-id", "web.default"],
    ["/2009-04-04/meta-data/local-hostname", "web"],
    ["/latest//meta-data/local-ipv4/", "10.0.2.2"],
    ["/latest/meta-data/public-ipv4", "10.42.0.7"],
    ["/latest/meta-data/placement/", "availability-zone"],
    ["/latest/meta-data/placement/availability-zone", "node1"],
    ["/latest/meta-data/public-keys/", "0=key0\n1=key1"],
    ["/latest/meta-data/public-keys/1", "openssh-key"],
    ["/latest/meta-data/public-keys/1/openssh-key", "ssh-ed25519 B"],
    ["/latest/meta-data/network/interfaces/macs", "02:11:22:33:44:55/"],
    ["/latest/meta-data/network/interfaces/macs/02:11:22:33:44:55/mac", "02:11:22:33:44:55"],
    ["/latest/user-data", "#cloud-config\n"],
    ["/latest/user-data/more", undefined],
    ["/latest/meta-data/instance-type", undefined],
    ["/latest/meta-data/constructor", undefined],
    ["/1999/meta-data", undefined],
  ];
  for (const [path, expected] of table) {
    const found = read(facts, path);
    assert.equal(found === undefined ? found : Buffer.from(found).toString(), expected, path);
  }
  const document = JSON.parse(String(read(facts, "/latest/dynamic/instance-identity/document"))) as object;
  assert.deepEqual(document, {
    accountId: "default",
    architecture: "x86_64",
    availabilityZone: "node1",
    instanceId: "web.default",
    pendingTime: "2026-01-01T00:00:00Z",
    privateIp: "10.0.2.2",
    version: "2017-09-30",
  });
});

test("a machine without cloud-init has no user data and no keys", () => {
  const bare = { ...facts, userData: undefined, publicKeys: [] };
  assert.equal(read(bare, "/latest"), "dynamic/\nmeta-data/");
  assert.equal(read(bare, "/latest/meta-data/public-keys"), undefined);
});

test("nothing is told without a token, and a token only to who sends a PUT himself", async () => {
  const tokens = createTokens(() => 1_000_000);
  const ask = async (method: string, path: string, headers: MetadataRequest["headers"] = {}) =>
    (await answer({ method, path, headers }, tokens, () => Promise.resolve(facts))).status;
  const token = tokens.issue(60);
  const table: [number, Parameters<typeof ask>][] = [
    [200, ["PUT", "/latest/api/token", { [ttl]: "21600" }]],
    [400, ["PUT", "/latest/api/token"]],
    [400, ["PUT", "/latest/api/token", { [ttl]: "0" }]],
    [400, ["PUT", "/latest/api/token", { [ttl]: "21601" }]],
    [400, ["PUT", "/latest/api/token", { [ttl]: "1e3" }]],
    [403, ["PUT", "/latest/api/token", { [ttl]: "60", "x-forwarded-for": "192.0.2.1" }]],
    [405, ["GET", "/latest/api/token", { [tokenHeader]: token }]],
    [405, ["POST", "/latest/user-data", { [tokenHeader]: token }]],
    [401, ["GET", "/latest/user-data"]],
    [401, ["GET", "/latest/user-data", { [tokenHeader]: `${token.slice(0, -1)}!` }]],
    [401, ["GET", "/latest/user-data", { [tokenHeader]: `9${token}` }]],
    [401, ["GET", "/latest/user-data", { [tokenHeader]: createTokens(() => 1_000_000).issue(60) }]],
    [200, ["GET", "/latest/user-data", { [tokenHeader]: token }]],
    [404, ["GET", "/latest/nothing", { [tokenHeader]: token }]],
  ];
  for (const [status, request] of table) assert.equal(await ask(...request), status, JSON.stringify(request));
});

test("a token expires", () => {
  let nowMs = 1_000_000;
  const tokens = createTokens(() => nowMs);
  const token = tokens.issue(60);
  nowMs += 59_999;
  assert.ok(tokens.isValid(token));
  nowMs += 1;
  assert.ok(!tokens.isValid(token));
});

test("whatever a guest sends gets an answer", async () => {
  const tokens = createTokens();
  const header = fc.oneof(fc.string(), fc.array(fc.string(), { maxLength: 2 }));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("GET", "PUT", "HEAD", "__proto__"),
      fc.oneof(fc.string(), fc.webPath(), fc.constant("/latest/__proto__/toString"), fc.constant("/latest/api/token")),
      fc.dictionary(fc.constantFrom(ttl, tokenHeader, "x-forwarded-for"), header),
      async (method, path, headers) => {
        const withToken = { [tokenHeader]: tokens.issue(60), ...headers };
        for (const each of [headers, withToken]) {
          const { status } = await answer({ method, path, headers: each }, tokens, () => Promise.resolve(facts));
          assert.ok([200, 400, 401, 403, 404, 405].includes(status), String(status));
        }
      },
    ),
  );
});
