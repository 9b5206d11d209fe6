import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../base/property.fixture.ts";
import { StatusError } from "../../base/errors.ts";
import { parseBody } from "./body.ts";

const types = fc.constantFrom("application/json", "application/yaml", "application/merge-patch+json", "text/plain");

test("what was written as JSON is read as it was, whatever it is called", () => {
  fc.assert(
    fc.property(types, fc.object(), (type, value) => {
      const text = JSON.stringify(value);
      assert.deepEqual(parseBody(type, text), JSON.parse(text));
    }),
  );
});

test("no body makes it fail but with an answer for the client", () => {
  const token = fc.constantFrom(
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    '"',
    "&a ",
    "*a",
    "<<: ",
    "- ",
    "\n",
    "  ",
    "!!js ",
    "|",
    "---\n",
  );
  const noise = fc.array(fc.oneof(token, fc.string({ unit: "binary", maxLength: 4 }))).map((parts) => parts.join(""));
  fc.assert(
    fc.property(types, noise, (type, text) => {
      try {
        parseBody(type, text);
      } catch (error) {
        assert.ok(error instanceof StatusError, String(error));
        assert.equal(error.code, 400);
      }
    }),
  );
});

test("aliases do not multiply without end, and no key reaches a prototype", () => {
  const levels = Array.from({ length: 12 }, (_, level) => `l${level + 1}: &l${level + 1} [${`*l${level},`.repeat(9)}]`);
  assert.throws(() => parseBody("application/yaml", ["l0: &l0 [x]", ...levels].join("\n")), StatusError);
  parseBody("application/yaml", "__proto__: {polluted: true}\nconstructor: {prototype: {polluted: true}}");
  assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
});
