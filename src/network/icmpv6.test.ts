import assert from "node:assert/strict";
import { test } from "node:test";
import { echoToAll } from "./icmpv6.ts";

test("a ping to all is what the protocol wants, byte for byte", () => {
  assert.equal(
    echoToAll({ mac: "9a:55:9a:55:9a:55", address: "fd78::4" }).toString("hex"),
    [
      ["333300000001", "9a559a559a55", "86dd"],
      ["60000000", "0008", "3a", "ff", "fd780000000000000000000000000004", "ff020000000000000000000000000001"],
      ["8000", "833c", "00000000"],
    ]
      .flat()
      .join(""),
  );
});

test("who has no IPv6 address cannot ask", () => {
  assert.throws(() => echoToAll({ mac: "9a:55:9a:55:9a:55", address: "10.42.0.4" }), /10\.42\.0\.4/);
});
