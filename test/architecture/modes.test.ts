/**
 * The same controllers and the same node agent run in the embedded mode and in a cluster. What differs between the two is passed to
 * them as options by src/cmd; so they have no word for either.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { importsOf, root, sourceFiles } from "./imports.ts";

const rooms = ["src/controllers", "src/node"];
const files = sourceFiles(...rooms).filter((file) => !/\.(test|fixture)\.ts$/.test(file));

/** A name that asks in which mode we are: `embedded`, `isCluster`, `inCluster`, `clusterMode` ... */
const asksForMode = /\b(is|in|on)?_?(embedded|cluster)(_?mode)?\b/i;

test("controllers and node agent know no mode", () => {
  const offences = files.flatMap((file) =>
    withoutComments(readFileSync(join(root, file), "utf8"))
      .split("\n")
      .filter((line) => asksForMode.test(withoutStrings(line)))
      .map((line) => `${file}: ${line.trim()}`),
  );
  assert.deepEqual(offences, []);
});

test("nor do they read the environment or import what is only there in one", () => {
  const offences = files.flatMap((file) => {
    const reads = /process\.env/.test(readFileSync(join(root, file), "utf8")) ? [`${file}: process.env`] : [];
    const imports = importsOf(file).filter(({ to }) => /^src\/(embedded|cmd|base\/instance)/.test(to));
    return [...reads, ...imports.map(({ to }) => `${file} -> ${to}`)];
  });
  assert.deepEqual(offences, []);
});

test("the test sees what it looks for", () => {
  for (const line of ["if (embedded) {", "mode: isCluster", "options.clusterMode", "in_cluster", "Embedded.x"])
    assert.match(line, asksForMode);
  for (const line of ["clusterCa", "embeddedDisk", "aCluster"]) assert.doesNotMatch(line, asksForMode);
});

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/(^|\s)\/\/.*$/gm, "");
}

/** Messages for people may speak of clusters. */
function withoutStrings(line: string): string {
  return line.replaceAll(/"[^"]*"|`[^`]*`/g, "");
}
