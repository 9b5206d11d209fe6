import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../src/base/property.fixture.ts";
import {
  attachmentsOf,
  networkStatusAnnotation,
  networksAnnotation,
  requestedNetworks,
} from "./network-attachments.ts";

const pod = (networks: string) => ({ metadata: { namespace: "n", annotations: { [networksAnnotation]: networks } } });

test("both ways to ask for networks", () => {
  assert.deepEqual(requestedNetworks(pod("lan, other/dmz@up0")), [
    { namespace: "n", name: "lan", interface: "net1" },
    { namespace: "other", name: "dmz", interface: "up0" },
  ]);
  const list = [
    { name: "lan", interface: "pod1", mac: "02:00:00:00:00:01" },
    { name: "dmz", namespace: "other" },
  ];
  assert.deepEqual(requestedNetworks(pod(JSON.stringify(list))), [
    { namespace: "n", name: "lan", interface: "pod1", mac: "02:00:00:00:00:01" },
    { namespace: "other", name: "dmz", interface: "net2" },
  ]);
  assert.deepEqual(requestedNetworks({ metadata: {} }), []);
  assert.throws(() => requestedNetworks(pod('[{"name":"lan","ips":["10.0.0.1/8"]}]')), /ips is not available/);
});

test("whatever stands there is understood or no such list", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      try {
        for (const each of requestedNetworks(pod(text))) assert.equal(typeof each.name, "string");
      } catch (error) {
        assert.ok(error instanceof SyntaxError, String(error));
      }
      const status = { metadata: { annotations: { [networkStatusAnnotation]: text } } };
      for (const { ips } of attachmentsOf(status)) assert.ok(ips.every((ip) => typeof ip === "string"));
    }),
  );
});
