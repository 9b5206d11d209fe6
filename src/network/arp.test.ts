import assert from "node:assert/strict";
import { test } from "node:test";
import { arpRequest } from "./arp.ts";

test("a request is what the protocol wants, byte for byte", () => {
  assert.equal(
    arpRequest({ mac: "02:11:22:33:44:55", address: "10.42.0.1", whoHas: "10.42.0.5" }).toString("hex"),
    ["ffffffffffff0211223344550806", "0001080006040001", "0211223344550a2a0001", "0000000000000a2a0005"].join(""),
  );
});

test("who has no IPv4 address is not asked for", () => {
  assert.throws(() => arpRequest({ mac: "02:11:22:33:44:55", address: "10.42.0.1", whoHas: "fd42::5" }), /fd42::5/);
});
