import assert from "node:assert/strict";
import { resolve } from "node:path";
import { test } from "node:test";
import { Inputs, unchanged } from "./inputs.ts";

const root = resolve(import.meta.dirname, "..");

test("files of this clone are noted relative to it, and those of recipes not at all", async () => {
  const inputs = new Inputs();
  await inputs.find(["/no/such/file", "/bin/sh"]);
  for (const path of ["package.json", "images/recipe.ts"]) await inputs.read(resolve(root, path));
  const stamps = await inputs.stamps();
  assert.deepEqual(stamps.map(([path]) => path).sort(), ["/bin/sh", "/no/such/file", "package.json"]);
  assert.ok(await unchanged(stamps));
  assert.ok(!(await unchanged(stamps.map(([path, size, modifiedMs]) => [path, size, modifiedMs + 1]))));
});
