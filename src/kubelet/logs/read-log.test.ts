import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { type LogRequest, readLog } from "./read-log.ts";

const dir = mkdtempSync(join(tmpdir(), "vmpod-logs-"));
after(() => rmSync(dir, { recursive: true }));

const path = join(dir, "0.log");
const entry = (second: number, text: string): string =>
  `2026-01-01T00:00:${String(second).padStart(2, "0")}.5Z stdout F ${text}\n`;
const plain: LogRequest = { follow: false, timestamps: false };
const forever = new AbortController().signal;

async function text(request: LogRequest, file = path): Promise<string> {
  const parts: Buffer[] = [];
  for await (const bytes of readLog({ path: file, ended: () => Promise.resolve(true) }, request, forever)) {
    parts.push(bytes);
  }
  return Buffer.concat(parts).toString();
}

test("the whole log, its tail, a part by time, and no more bytes than asked", async () => {
  writeFileSync(path, entry(1, "one") + entry(2, "two") + entry(3, "three"));
  assert.equal(await text(plain), "one\ntwo\nthree\n");
  assert.equal(await text({ ...plain, tailLines: 2 }), "two\nthree\n");
  assert.equal(await text({ ...plain, tailLines: 0 }), "");
  assert.equal(await text({ ...plain, tailLines: 99 }), "one\ntwo\nthree\n");
  assert.equal(await text({ ...plain, sinceMs: Date.parse("2026-01-01T00:00:03Z") }), "three\n");
  assert.equal(await text({ ...plain, limitBytes: 6 }), "one\ntw");
  assert.equal(await text({ ...plain, timestamps: true, tailLines: 1 }), "2026-01-01T00:00:03.5Z three\n");
});

test("a log that is not there is empty", async () => {
  assert.equal(await text(plain, join(dir, "none.log")), "");
});

test("the tail of a log longer than one read", async () => {
  const big = join(dir, "big.log");
  const count = 20_000;
  writeFileSync(big, Array.from({ length: count }, (_, index) => entry(1, `line ${index}`)).join(""));
  assert.equal(await text({ ...plain, tailLines: 3 }, big), "line 19997\nline 19998\nline 19999\n");
  const all = await text({ ...plain, tailLines: 10_000 }, big);
  assert.equal(all.split("\n").length, 10_001);
});

test("following goes on over a rotation and ends with the container", async () => {
  const live = join(dir, "live.log");
  writeFileSync(live, entry(1, "one"));
  let over = false;
  const seen: string[] = [];
  for await (const bytes of readLog(
    { path: live, ended: () => Promise.resolve(over) },
    { ...plain, follow: true },
    forever,
  )) {
    seen.push(bytes.toString().trim());
    switch (seen.length) {
      case 1:
        appendFileSync(live, entry(2, "two"));
        break;
      case 2:
        renameSync(live, `${live}.1`);
        appendFileSync(`${live}.1`, entry(3, "three"));
        writeFileSync(live, entry(4, "four"));
        break;
      case 4:
        over = true;
        break;
      default:
    }
  }
  assert.deepEqual(seen, ["one", "two", "three", "four"]);
});
