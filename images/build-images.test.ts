import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { exec } from "../src/base/exec.ts";

const rounds = 40;
const source = join(import.meta.dirname, "build-images.ts");

test("processes that build the same image at once all have it", async () => {
  const directory = await mkdtemp(join(tmpdir(), "vmpod-images-"));
  const program = `
    import { buildImages } from ${JSON.stringify(source)};
    for (let round = 0; round < ${rounds}; round++) {
      const [image] = await buildImages({ cacheDir: ${JSON.stringify(directory)} + "/" + round, only: ["pause"] });
      console.log(image.reference);
    }`;
  const argv = [process.execPath, "--disable-warning=ExperimentalWarning", "--input-type=module", "-e", program];
  try {
    const told = await Promise.all([1, 2, 3, 4].map(() => exec(argv)));
    const references = told.flatMap((text) => text.trim().split("\n"));
    assert.deepEqual([references.length, new Set(references).size], [4 * rounds, 1]);
  } finally {
    await rm(directory, { recursive: true });
  }
});
