import assert from "node:assert/strict";
import { test } from "node:test";
import { isTimeZone, timeZoneOf } from "./time-zone.ts";

const zones: [clock: Parameters<typeof timeZoneOf>[0], zone: string | undefined][] = [
  [{}, undefined],
  [{ utc: {} }, undefined],
  [{ timezone: "UTC" }, undefined],
  [{ timezone: "Europe/Berlin" }, "Europe/Berlin"],
  [{ utc: { offsetSeconds: 3600 } }, "VMT-01:00:00"],
  [{ utc: { offsetSeconds: -12345 } }, "VMT+03:25:45"],
];
for (const [clock, zone] of zones) {
  test(`a clock of ${JSON.stringify(clock)} runs in ${zone ?? "UTC"}`, () => assert.equal(timeZoneOf(clock), zone));
}

test("a zone is known by the name of its file", () => {
  for (const name of ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Asia/Kolkata", "Etc/GMT+1"])
    assert.ok(isTimeZone(name), name);
  for (const name of ["europe/berlin", "EUROPE/Berlin", "Mars/Base", "+01:00", "../etc/passwd", "", ":Europe/Berlin"])
    assert.ok(!isTimeZone(name), name);
});
