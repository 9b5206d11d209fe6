import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../base/property.fixture.ts";
import { absentMetrics } from "./catalogue/absent.ts";
import { controllerMetrics } from "./catalogue/controller.ts";
import { nodeMetrics } from "./catalogue/node.ts";
import { metric } from "./metric.ts";
import { Scrape } from "./scrape.ts";

const heat = metric("heat_kelvin", "gauge", "count", ["place"], "How hot it is.");
const drops = metric("drops_total", "counter", "count", [], "Drops.");

test("samples of one metric stand together, below its type", async () => {
  const scrape = new Scrape();
  scrape.add(heat, { place: "here" }, 1.5);
  scrape.add(drops, {}, 2);
  scrape.add(heat, { place: "there" }, 3);
  assert.equal(
    await scrape.text(),
    '# HELP heat_kelvin How hot it is.\n# TYPE heat_kelvin gauge\nheat_kelvin{place="here"} 1.5\nheat_kelvin{place="there"} 3\n\n' +
      "# HELP drops_total Drops.\n# TYPE drops_total counter\ndrops_total 2\n",
  );
});

test("what is not known is not told", async () => {
  const scrape = new Scrape();
  for (const unknown of [undefined, Number.NaN, Number.POSITIVE_INFINITY]) scrape.add(heat, { place: "x" }, unknown);
  scrape.add(drops, {}, -1);
  assert.equal(await scrape.text(), "");
});

const awkward = fc.constantFrom("a", "\\", '"', "\n", "\r", "{", "}", ",", " ", "ä", "\u2028", "\0");

test("whatever a guest calls its file systems, a reader gets that name back, on one line", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: awkward }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      async (place, value) => {
        const scrape = new Scrape();
        scrape.add(heat, { place }, value);
        const lines = (await scrape.text()).split("\n");
        assert.equal(lines.length, 4, lines.join("|"));
        const [, label = "", number] = /^heat_kelvin\{place="((?:[^"\\]|\\.)*)"\} (\S+)$/s.exec(lines[2] ?? "") ?? [];
        assert.equal(unescape(label), place);
        assert.ok(Number(number) === value, number);
      },
    ),
  );
});

/** As the format's readers do. */
function unescape(label: string): string {
  return label.replaceAll(/\\(.)/gs, (_, character: string) => (character === "n" ? "\n" : character));
}

test("no name is declared twice; counters and names follow Prometheus' rules", () => {
  const all = [...Object.values(nodeMetrics), ...Object.values(controllerMetrics)];
  assert.equal(new Set(all.map(({ name }) => name)).size, all.length);
  for (const { name } of all) assert.ok(!(name in absentMetrics), name);
  for (const { name, labels, help } of all) {
    assert.match(name, /^kubevirt_[a-z0-9_]+$/);
    assert.match(help, /\.$/);
    for (const label of labels) assert.match(label, /^[a-z_]+$/);
  }
});
