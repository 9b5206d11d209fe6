import assert from "node:assert/strict";
import test from "node:test";
import fc from "../../base/property.fixture.ts";
import { formatLine, parseLine } from "./line.ts";

const time = "2026-11-22T20:36:02.210186526Z";
const parse = (text: string) => parseLine(Buffer.from(text));
const format = (text: string, timestamps = false): string => {
  const line = parse(text);
  assert.ok(line);
  return formatLine(line, timestamps).toString();
};

test("a full line ends with a newline, a part of one does not", () => {
  assert.equal(format(`${time} stdout F hello world`), "hello world\n");
  assert.equal(format(`${time} stderr P hello `), "hello ");
  assert.equal(format(`${time} stdout F `), "\n");
});

test("timestamps come before the text", () => {
  assert.equal(format(`${time} stdout F x`, true), `${time} x\n`);
});

test("what no runtime writes is not a line", () => {
  for (const text of ["", "half", `${time} stdin F x`, `${time} stdout`]) {
    assert.equal(parse(text), undefined, text);
  }
});

test("any bytes are a line or none", () => {
  const part = fc.oneof(fc.constantFrom("stdout", "stderr", "F", "P", " ", "2026-11-22T20:36:02Z"), fc.string());
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      const line = Buffer.from(parts.join(" "));
      const parsed = parseLine(line);
      if (parsed) assert.ok(line.subarray(line.length - parsed.text.length).equals(parsed.text));
    }),
  );
});
