import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { importsOf, layerOf, root, roomOf, sourceFiles } from "./imports.ts";
import { architecturePicture } from "./picture.ts";

const files = sourceFiles("src", "api", "images");

test("every source file lives in a room of the layer table", () => {
  assert.deepEqual(
    files.filter((file) => roomOf(file) === undefined),
    [],
  );
});

test("a room imports only from rooms of strictly lower layers", () => {
  const offences = files.flatMap(importsOf).filter(({ from, to }) => {
    const source = roomOf(from);
    const target = roomOf(to);
    return source && target && source !== target && layerOf(target) >= layerOf(source);
  });
  assert.deepEqual(
    offences.map(({ from, to }) => `${from} -> ${to}`),
    [],
  );
});

test("nothing in the product imports tests, scripts or benchmarks", () => {
  const offences = files
    .filter((file) => !file.endsWith(".test.ts"))
    .flatMap(importsOf)
    .filter(({ to }) => /^(test|scripts|bench)\//.test(to) || to.endsWith(".test.ts"));
  assert.deepEqual(offences, []);
});

test("every imported package is a runtime dependency", () => {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  const packages = files
    .filter((file) => !/\.(test|fixture)\.ts$/.test(file))
    .flatMap((file) => importsOf(file).map((each) => ({ ...each, typeOnly: isTypeOnly(file, each.to) })))
    .filter(({ to, typeOnly }) => !typeOnly && !to.startsWith("node:") && roomOf(to) === undefined)
    .map(({ from, to }) => ({ from, name: to.split("/", to.startsWith("@") ? 2 : 1).join("/") }));
  assert.deepEqual(
    packages.filter(({ name }) => !(name in manifest.dependencies)),
    [],
  );
});

function isTypeOnly(file: string, target: string): boolean {
  const text = readFileSync(join(root, file), "utf8");
  return new RegExp(`(import|export) type [^;]*from "${target.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")}"`).test(text);
}

test("the program begins with what lets it end (docs/decisions/0043)", () => {
  const [first] = importsOf("src/cmd/main.ts");
  assert.equal(first?.to, "src/cmd/exit-for-sure.ts");
});

test("docs/architecture.md shows the imports that there are", () => {
  const document = readFileSync(join(root, "docs/architecture.md"), "utf8");
  assert.ok(
    document.includes(architecturePicture()),
    "the picture is out of date: run `npm run generate` and commit docs/architecture.md",
  );
});
