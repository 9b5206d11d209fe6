/** The guest's YAML reader (awk, in busybox as in the guest) against the `yaml` package. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { before, test } from "node:test";
import { parse, stringify } from "yaml";
import fc from "../../src/base/property.fixture.ts";
import { busybox, fetchBusybox } from "../fixtures/busybox.ts";

before(fetchBusybox);

const library = join(import.meta.dirname, "../../images/guest/files/usr/lib/cloud-init");
const toJson = `
  function quoted(s) { gsub(/\\\\/, "\\\\\\\\", s); gsub(/"/, "\\\\\\"", s); gsub(/\\n/, "\\\\n", s); gsub(/\\t/, "\\\\t", s); return "\\"" s "\\"" }
  function dump(path,   i, s) {
    if (TYPE[path] == "map") { s = ""; for (i = 0; i < COUNT[path] + 0; i++) s = s (i ? "," : "") quoted(KEY[path, i]) ":" dump(at(path, KEY[path, i])); return "{" s "}" }
    if (TYPE[path] == "seq") { s = ""; for (i = 0; i < COUNT[path] + 0; i++) s = s (i ? "," : "") dump(at(path, i)); return "[" s "]" }
    return quoted(VALUE[path])
  }
  END { parse_document(); print dump("") }`;

function readWithAwk(document: string): unknown {
  const script = execFileSync("cat", [join(library, "yaml.awk")], { encoding: "utf8" }) + toJson;
  return JSON.parse(execFileSync(busybox, ["awk", script], { input: document, encoding: "utf8", timeout: 60_000 }));
}

/** The reader knows text only: types are for who uses a value. */
function asText(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asText);
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, asText(each)]));
  return typeof value === "string" ? value : JSON.stringify(value ?? "").replaceAll(`"`, "");
}

const documents = [
  "#cloud-config\nhostname: a # comment\nusers:\n- default\n- name: b\n  sudo: ['ALL=(ALL) NOPASSWD:ALL']\n  keys:\n  - ssh-rsa A b@c\n",
  "write_files:\n- content: |\n    a: b\n      c # d\n\n    e\n  path: /x\n- path: /y\n  content: >-\n    one\n    two\n\n    three\n",
  'runcmd:\n - [ sh, -c, "echo \\"x\\", y" ]\n - - ls\n   - -l\n - echo a\n   b\n',
  '{"a": [1, {"b": "c d"}], "e": ""}',
  "---\na: 'it''s'\nb: \"x\\ty\\u00e4\"\nc: http://d:80/e#f\n...\n",
  "network:\n  version: 2\n  ethernets:\n    id0:\n      match: {macaddress: '52:54:00:00:00:01'}\n      addresses: [10.0.0.2/24]\n",
  "a: |+\n  keep\n\nb: |2\n    two more\nc:\n  - |\n    x\n  -\n    d: e\n",
  "a:\n\nb: ~\nc: {}\nd: []\n",
];
for (const [index, document] of documents.entries()) {
  test(`document ${index} is read as written`, () => assert.deepEqual(readWithAwk(document), asText(parse(document))));
}

const line = fc.string({ unit: fc.constantFrom(..."abz09 :#-'\"[]{},|>&*!%@`\\/$=.?~äß".split("")), maxLength: 20 });
const text = fc.oneof(
  line,
  fc.array(line, { minLength: 2, maxLength: 4 }).map((lines) => lines.join("\n")),
);
const key = fc
  .string({ unit: fc.constantFrom(..."abc_-".split("")), minLength: 1, maxLength: 8 })
  .filter((each) => /^[a-c]/.test(each));
// A block of nothing but blanks has no text to take its indent from.
const scalar = text.filter((each) => each.trim() !== "" || !each.includes("\n"));
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    scalar,
    fc.array(tie("tree"), { maxLength: 3 }),
    fc.dictionary(key, tie("tree"), { maxKeys: 3 }),
  ),
}));

test("whatever the yaml package writes is read back", () => {
  fc.assert(
    fc.property(fc.dictionary(key, tree, { minKeys: 1, maxKeys: 4 }), fc.boolean(), (value, json) => {
      const document = json ? JSON.stringify(value) : stringify(value, { lineWidth: 0 });
      assert.deepEqual(readWithAwk(document), asText(value), document);
    }),
    { numRuns: 300 },
  );
});
