import assert from "node:assert/strict";
import { isIPv4, isIPv6 } from "node:net";
import { test } from "node:test";
import fc from "../base/property.fixture.ts";
import { parseResolvConf } from "./resolv-conf.ts";

test("servers that a guest can reach, and the last search list", () => {
  const text =
    "# x\nnameserver 127.0.0.53\nnameserver 10.0.0.1 ; y\nnameserver ::1\nsearch a\nsearch b.example .\nbogus";
  assert.deepEqual(parseResolvConf(text), {
    servers: ["10.0.0.1"],
    servers6: [],
    searchDomains: ["b.example"],
  });
});

test("whatever a file holds, servers are addresses and domains are single words", () => {
  const word = fc.oneof(
    fc.constantFrom("nameserver", "search", "domain", "options", "#", ";", "."),
    fc.ipV4(),
    fc.ipV6(),
  );
  const line = fc
    .array(fc.oneof(word, fc.string({ unit: "binary" })), { maxLength: 5 })
    .map((words) => words.join(" "));
  const file = fc.array(line).map((lines) => lines.join("\n"));
  fc.assert(
    fc.property(file, (text) => {
      const { servers, servers6, searchDomains } = parseResolvConf(text);
      for (const server of servers) assert.ok(isIPv4(server), server);
      for (const server of servers6) assert.ok(isIPv6(server), server);
      for (const domain of searchDomains) assert.match(domain, /^\S+$/);
    }),
  );
});
