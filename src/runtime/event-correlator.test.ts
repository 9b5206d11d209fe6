import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createEventCorrelator } from "./event-correlator.ts";

const event = { object: "pod/a", type: "Normal", reason: "Pulled", message: "image" } as const;

describe("event correlator", () => {
  it("counts equal events on one key and different ones on others", () => {
    const correlator = createEventCorrelator();
    const keys = [event, event, { ...event, message: "other" }, { ...event, object: "pod/b" }].map(
      (each) => correlator.admit(each, 0)?.key,
    );
    assert.equal(keys[0], keys[1]);
    assert.equal(new Set(keys).size, 3);
  });

  it("lets an object burst, then holds it to one event per five minutes, and nobody else", () => {
    const correlator = createEventCorrelator();
    const admitted = () => correlator.admit(event, 0) !== undefined;
    assert.equal(Array.from({ length: 40 }, admitted).filter(Boolean).length, 25);
    assert.ok(correlator.admit({ ...event, object: "pod/b" }, 0));
    assert.ok(correlator.admit({ ...event, type: "Warning" }, 0), "routine silences no trouble");
    assert.equal(correlator.admit(event, 299_000), undefined);
    assert.ok(correlator.admit(event, 301_000));
    assert.equal(correlator.admit(event, 301_000), undefined);
  });

  it("combines many messages of one reason", () => {
    const correlator = createEventCorrelator();
    const results = Array.from({ length: 13 }, (_, i) => correlator.admit({ ...event, message: `layer ${i}` }, i));
    assert.equal(new Set(results.map((result) => result?.key)).size, 11);
    assert.equal(results.at(-1)?.message, "(combined from similar events): layer 12");
    assert.equal(correlator.admit(event, 700_000)?.message, "image");
  });
});
