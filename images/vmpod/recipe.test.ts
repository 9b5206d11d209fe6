import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "./bundle.ts";
import { shippedFiles } from "./recipe.ts";

test("every file that the sources ship with themselves is in the image", () => {
  const named = ["src", "api"].flatMap((directory) =>
    readdirSync(join(root, directory), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => readFileSync(join(root, directory, name), "utf8"))
      .flatMap((text) => [...text.matchAll(/shippedFile\("([^"]+)"\)/g)].map(([, path = ""]) => path)),
  );
  assert.ok(named.length > 0);
  assert.deepEqual([...new Set(named)].sort(), shippedFiles.toSorted());
  for (const path of shippedFiles) assert.ok(existsSync(join(root, path)), path);
});
