import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../base/property.fixture.ts";
import { QmpProtocolError } from "./errors.ts";
import { LineSplitter } from "./lines.ts";
import { parseMessage, type QmpMessage } from "./message.ts";

const cases: [string, QmpMessage][] = [
  ['{"QMP":{"version":{"qemu":{"micro":22,"minor":2,"major":7}}}}', { type: "greeting", version: "7.2.22" }],
  ['{"return":{},"id":3}', { type: "return", id: 3, value: {} }],
  ['{"return":7}', { type: "return", id: undefined, value: 7 }],
  [
    '{"id":4,"error":{"class":"DeviceNotFound","desc":"no"}}',
    { type: "error", id: 4, errorClass: "DeviceNotFound", description: "no" },
  ],
  [
    '{"timestamp":{"seconds":2,"microseconds":5000},"event":"STOP"}',
    { type: "event", event: "STOP", data: {}, timestampMs: 2005 },
  ],
];
for (const [line, expected] of cases) {
  test(`reads ${line}`, () => assert.deepEqual(parseMessage(line), expected));
}

test("whatever arrives is a message or a protocol error", () => {
  const any = fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .record(
        {
          QMP: fc.jsonValue(),
          event: fc.jsonValue(),
          error: fc.jsonValue(),
          return: fc.jsonValue(),
          id: fc.jsonValue(),
        },
        { requiredKeys: [] },
      )
      .map((each) => JSON.stringify(each)),
  );
  fc.assert(
    fc.property(any, (line) => {
      try {
        assert.ok(parseMessage(line).type);
      } catch (error) {
        assert.ok(error instanceof QmpProtocolError, String(error));
      }
    }),
  );
});

test("lines come out whole, however the bytes are cut", () => {
  const lines = fc.array(fc.string({ minLength: 1 }).filter((line) => !/[\r\n]/.test(line) && line.trim() !== ""));
  fc.assert(
    fc.property(lines, fc.array(fc.nat(200)), (expected, cuts) => {
      const bytes = Buffer.from(expected.map((line) => `${line}\r\n`).join(""));
      const splitter = new LineSplitter();
      const got: string[] = [];
      let at = 0;
      for (const cut of [...cuts, bytes.length]) {
        got.push(...splitter.push(bytes.subarray(at, at + cut)));
        at = Math.min(at + cut, bytes.length);
      }
      assert.deepEqual(
        got,
        expected.map((line) => line.trim()),
      );
    }),
  );
});

test("a line without end is refused", () => {
  const splitter = new LineSplitter(10);
  assert.throws(() => splitter.push(Buffer.from("0123456789abc")), QmpProtocolError);
});
