import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../base/property.fixture.ts";
import { TerminalError } from "../../base/errors.ts";
import { cniPlugins } from "./cni-plugins.ts";

const definition = (config: unknown) => ({
  metadata: { name: "lan", namespace: "n" },
  spec: { config: typeof config === "string" ? config : JSON.stringify(config) },
});
const plugins = (config: unknown) => cniPlugins(definition(config), "/run/x/ipam");

test("one plugin, or a list", () => {
  const bridge = { type: "bridge", bridge: "lan0", vlan: 100 };
  const made = { ...bridge, name: "n-lan", cniVersion: "0.3.1" };
  assert.deepEqual(plugins({ cniVersion: "0.3.1", name: "whatever", ...bridge }), [made]);
  assert.deepEqual(plugins({ cniVersion: "0.3.1", plugins: [bridge] }), [made]);
});

test("addresses in use are noted where vmpod says", () => {
  const [plugin] = plugins({ type: "bridge", ipam: { type: "host-local", subnet: "10.9.0.0/24", dataDir: "/etc" } });
  assert.deepEqual(plugin?.["ipam"], { type: "host-local", subnet: "10.9.0.0/24", dataDir: "/run/x/ipam" });
});

test("what else could run as root on the host is refused", () => {
  const table: [unknown, RegExp][] = [
    ["{", /not a JSON object/],
    ["[]", /not a JSON object/],
    [{ plugins: [] }, /no plugin/],
    [{ plugins: ["bridge"] }, /not an object/],
    [{ type: "../../bin/sh" }, /type "\.\.\/\.\.\/bin\/sh" is not available/],
    [{ plugins: [{ type: "bridge" }, { type: "host-device" }] }, /type "host-device" is not available/],
    [{ type: "bridge", ipam: { type: "dhcp" } }, /ipam\.type "dhcp" is not available/],
  ];
  for (const [config, message] of table) assert.throws(() => plugins(config), message);
});

test("whatever a definition holds, it is understood or refused", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.json(),
        fc.string(),
        fc.jsonValue().map((each) => JSON.stringify({ plugins: each })),
      ),
      (config) => {
        try {
          for (const { type } of plugins(config)) assert.equal(type, "bridge");
        } catch (error) {
          assert.ok(error instanceof TerminalError, String(error));
        }
      },
    ),
  );
});
