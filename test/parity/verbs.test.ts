/** Whether the scenarios use every verb that vmpod's help lists: told without playing them. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../embedded/instance.ts";
import { commandVerbs, verbOf } from "./command-verbs.ts";
import { verbsOfNoMachine } from "./verbs-of-no-machine.ts";

const call = /\b(?:said\(\s*target|vmpod\(|startVmpod\()[\s,]*"([a-z-]+)"(?:,\s*"([a-z-]+)")?/g;

const used = new Set(
  scenarioTexts().flatMap((text) => [...text.matchAll(call)].map(([, ...words]) => verbOf(words.map(String)))),
);

test("each verb of vmpod is used by a scenario, or is about no machine", () => {
  const missing = commandVerbs.filter((verb) => !used.has(verb) && !(verb in verbsOfNoMachine));
  assert.deepEqual(missing, [], "add them to a scenario in test/parity/scenarios");
});

test("each verb that no scenario uses is one of vmpod's, and is used by the test that is named", () => {
  for (const [verb, path] of Object.entries(verbsOfNoMachine)) {
    assert.ok(commandVerbs.includes(verb), `vmpod has no ${verb}`);
    assert.ok(!used.has(verb), `${verb} is used by a scenario`);
    const words = verb.split(" ").map((word) => `["'\`]${word}["'\`]`);
    assert.match(
      readFileSync(join(root, path), "utf8"),
      new RegExp(words.join(",\\s*")),
      `${path} does not use ${verb}`,
    );
  }
});

function scenarioTexts(): string[] {
  const directory = join(import.meta.dirname, "scenarios");
  return readdirSync(directory).map((file) => readFileSync(join(directory, file), "utf8"));
}
