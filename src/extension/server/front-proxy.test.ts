import assert from "node:assert/strict";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import fc from "../../base/property.fixture.ts";
import type { UserInfo } from "../../../api/admission.ts";
import type { FrontProxyTrust } from "./client-trust.ts";
import { type RawHeaders, userOfHeaders } from "./front-proxy.ts";

const trust: FrontProxyTrust = {
  authorities: [],
  allowedNames: [],
  userHeaders: ["x-remote-user", "x-other-user"],
  groupHeaders: ["x-remote-group"],
  uidHeaders: ["x-remote-uid"],
  extraPrefixes: ["x-remote-extra-"],
};

const cases: [what: string, headers: RawHeaders, expected: UserInfo | undefined][] = [
  ["nobody", ["Host", "x"], undefined],
  ["an empty name", ["X-Remote-User", "", "X-Remote-Group", "system:masters"], undefined],
  ["groups alone", ["X-Remote-Group", "system:masters"], undefined],
  ["a name alone", ["x-remote-USER", "jane"], { name: "jane", groups: [] }],
  ["the second header of names", ["X-Other-User", "jane"], { name: "jane", groups: [] }],
  [
    "groups one by one, with commas in them",
    ["X-Remote-User", "jane", "X-Remote-Group", "a,b", "X-Remote-Group", "c"],
    { name: "jane", groups: ["a,b", "c"] },
  ],
  [
    "uid and extra",
    ["X-Remote-User", "jane", "X-Remote-Uid", "7", "X-Remote-Extra-Scopes", "x", "X-Remote-Extra-a.io%2fb", "y"],
    { name: "jane", groups: [], uid: "7", extra: { scopes: ["x"], "a.io/b": ["y"] } },
  ],
  ["a half of a pair", ["X-Remote-User"], undefined],
  ["bytes that are no UTF-8", ["X-Remote-User", "\xff\xfe"], undefined],
];

for (const [what, headers, expected] of cases) {
  test(`front proxy: ${what}`, () => assert.deepEqual(userOfHeaders(headers, trust), expected));
}

test("a name comes through as it was sent, also when it is not ASCII", async () => {
  const seen = Promise.withResolvers<UserInfo | undefined>();
  const server = createServer((incoming, response) => {
    seen.resolve(userOfHeaders(incoming.rawHeaders, trust));
    response.end();
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const headers = { "x-remote-user": Buffer.from("jürgen").toString("latin1") };
  request({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", headers, agent: false }).end();
  assert.deepEqual(await seen.promise, { name: "jürgen", groups: [] });
  server.close();
});

test("no headers make it fail, and it names only what they say: noise", () => {
  const name = fc.oneof(
    fc.constantFrom("X-Remote-User", "x-remote-group", "X-Remote-Extra-%", "X-Remote-Extra-__proto__", "x-remote-uid"),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(name, fc.string({ unit: "binary" }))), (headers) => {
      const user = userOfHeaders(headers, trust);
      if (user === undefined) return;
      assert.ok(user.name !== "" && user.groups.every((group) => group !== ""));
      const utf8 = headers.map((value) => Buffer.from(value, "latin1").toString("utf8"));
      assert.ok([user.name, ...user.groups].every((value) => utf8.includes(value)));
    }),
    { numRuns: 2000 },
  );
});
