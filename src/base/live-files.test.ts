import assert from "node:assert/strict";
import { mkdtempSync, rmSync, symlinkSync, renameSync, mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { liveFiles } from "./live-files.ts";

/** As the kubelet writes a Secret: files are links through one link that is replaced. */
function publish(directory: string, generation: number, files: Record<string, string>): void {
  const data = join(directory, `..${generation}`);
  mkdirSync(data);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(data, name), content);
  symlinkSync(`..${generation}`, join(directory, "..data.new"));
  renameSync(join(directory, "..data.new"), join(directory, "..data"));
}

test("a replaced Secret is seen, and what a handler refuses is tried again", async (context) => {
  const directory = mkdtempSync(join(tmpdir(), "vmpod-live-"));
  const stopping = new AbortController();
  context.after(() => {
    stopping.abort();
    rmSync(directory, { recursive: true });
  });
  for (const name of ["crt", "key"]) symlinkSync(`..data/${name}`, join(directory, name));
  publish(directory, 1, { crt: "c1", key: "k1" });
  const errors: unknown[] = [];
  const paths = { certificate: join(directory, "crt"), key: join(directory, "key") };
  const files = await liveFiles(paths, {
    signal: stopping.signal,
    intervalMs: 5,
    onError: (error) => errors.push(error),
  });
  const seen: string[] = [];
  files.onChange(({ certificate, key }) => {
    if (certificate.slice(1) !== key.slice(1)) throw new Error("they do not belong together");
    seen.push(certificate);
  });
  assert.deepEqual(files.current(), { certificate: "c1", key: "k1" });

  publish(directory, 2, { crt: "c2", key: "k1" });
  await until(() => errors.length > 1);
  assert.equal(files.current().certificate, "c1");
  publish(directory, 3, { crt: "c2", key: "k2" });
  await until(() => seen.length > 0);
  assert.deepEqual([seen, files.current().key], [["c2"], "k2"]);
});

async function until(holds: () => boolean): Promise<void> {
  for (let attempt = 0; !holds(); attempt++) {
    assert.ok(attempt < 1000);
    await delay(5);
  }
}
