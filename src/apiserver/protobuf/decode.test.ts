import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../base/property.fixture.ts";
import { StatusError } from "../../base/errors.ts";
import { decodeProtobuf } from "./decode.ts";

function delimited(number: number, content: string | Uint8Array): Buffer {
  const bytes = Buffer.from(content);
  assert.ok(bytes.length < 128);
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
}

function envelope(apiVersion: string, kind: string, raw: Uint8Array): Buffer {
  const typeMeta = Buffer.concat([delimited(1, apiVersion), delimited(2, kind)]);
  return Buffer.concat([Buffer.from("k8s\0"), delimited(1, typeMeta), delimited(2, raw)]);
}

test("reads maps, and leaves out what Go writes as zero", () => {
  const metadata = Buffer.concat([delimited(1, "cm"), delimited(2, ""), delimited(3, "default")]);
  const entry = Buffer.concat([delimited(1, "key"), delimited(2, "value")]);
  const raw = Buffer.concat([delimited(1, metadata), delimited(2, entry)]);
  assert.deepEqual(decodeProtobuf(envelope("v1", "ConfigMap", raw)), {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "cm", namespace: "default" },
    data: { key: "value" },
  });
});

test("keeps a zero that was set, quantities and int-or-strings", () => {
  const port = Buffer.concat([
    Buffer.from([3 << 3, 80]),
    delimited(4, Buffer.concat([Buffer.from([1 << 3, 1]), delimited(3, "http")])),
  ]);
  const service = decodeProtobuf(envelope("v1", "Service", delimited(2, delimited(1, port))));
  assert.deepEqual(service["spec"], { ports: [{ port: 80, targetPort: "http" }] });
  const deployment = decodeProtobuf(envelope("apps/v1", "Deployment", delimited(2, Buffer.from([1 << 3, 0]))));
  assert.deepEqual(deployment["spec"], { replicas: 0 });
});

test("refuses other bytes with a reason, whatever they are", () => {
  assert.throws(() => decodeProtobuf(envelope("example.com/v1", "Widget", Buffer.alloc(0))), {
    reason: "UnsupportedMediaType",
  });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      try {
        decodeProtobuf(envelope("v1", "Pod", bytes));
      } catch (error) {
        assert.ok(error instanceof StatusError, String(error));
      }
    }),
  );
});
