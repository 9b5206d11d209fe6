import assert from "node:assert/strict";
import { link, mkdtemp, readFile, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { XMLParser } from "fast-xml-parser";
import fc from "../../base/property.fixture.ts";
import { someObservation, someVmi } from "../domain/observation.fixture.ts";
import { answerTo, hear } from "./answer.ts";
import { type DownwardMetricsContext, startDownwardMetrics } from "./downward-metrics.ts";
import { metricsDisk, metricsDiskBytes, metricsHeader, rewriteMetricsDisk } from "./metrics-disk.ts";
import { busySeconds, readHost, readMachine, renderMetrics } from "./metrics.ts";
import { parseProcFields } from "./proc-fields.ts";

const host = {
  name: "node <1>",
  timeSeconds: 1,
  cpus: 2,
  cpuSeconds: 3.5,
  freeMemoryKib: 4,
  freeSwapKib: 5,
  usedSwapKib: 6,
  usedMemoryKib: 7,
  pagedInKib: 8,
  pagedOutKib: 9,
};

test("metrics are XML that says of each its type, whose it is, and its value", () => {
  const xml = renderMetrics(host, { cpuSeconds: 1.25, cpus: 1, memoryKib: 98_304 });
  const parsed = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: "" }).parse(xml) as {
    metrics: { metric: { type: string; context: string; unit?: string; name: string; value: unknown }[] };
  };
  const find = (context: string, name: string) =>
    parsed.metrics.metric.find((each) => each.context === context && each.name === name);
  assert.equal(find("host", "HostName")?.value, "node <1>");
  assert.deepEqual([find("vm", "TotalCPUTime")?.value, find("vm", "TotalCPUTime")?.type], [1.25, "real64"]);
  assert.equal(find("host", "FreeVirtualMemory")?.value, 9);
  assert.equal(find("vm", "ResourceMemoryLimit")?.unit, "KiB");
});

test("a look that fails is told, and followed by the next", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const vmi = someVmi({ status: { phase: "Running" } });
  vmi.spec.domain.devices.downwardMetrics = {};
  const { pod } = someObservation();
  const warned: unknown[] = [];
  const context = {
    vmis: { list: () => [vmi] },
    launchers: { byIndex: () => [pod] },
    finder: { find: () => Promise.reject(new Error("too many open files")) },
    log: { warn: ({ error }: { error: unknown }) => warned.push(error) },
  } as unknown as DownwardMetricsContext;
  const ended = new AbortController();
  startDownwardMetrics(context, ended.signal);
  for (const looks of [1, 2]) {
    t.mock.timers.tick(5_000);
    for (let turn = 0; turn < 1_000 && warned.length < looks; turn++) await setImmediate();
  }
  ended.abort();
  assert.deepEqual(warned, ["too many open files", "too many open files"]);
});

test("this machine's own facts are found", async () => {
  assert.equal(busySeconds("cpu  100 20 30 4000 500 6 7 0 0 0\ncpu0 1 1 1 1\n"), 1.63);
  assert.equal(parseProcFields("MemFree:   12 kB\nActive(anon):  3 kB\n").get("MemFree"), 12);
  const found = await readHost();
  assert.ok(found.freeMemoryKib > 0 && found.cpuSeconds > 0 && found.pagedInKib > 0, JSON.stringify(found));
  assert.ok((await readMachine(process.pid, { cpus: 1, memoryKib: 1 })).cpuSeconds > 0);
});

test("the disk has vhostmd's header, and is marked while it is written", async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "vmpod-metrics-"));
  t.after(() => rm(directory, { recursive: true }));
  assert.equal(metricsHeader(Buffer.from("ab"), true).toString("hex"), "6d76626400000001000000c300000002");
  const path = join(directory, "disk");
  await writeFile(path, metricsDisk("first and longer"));
  await rewriteMetricsDisk(path, "ab");
  const disk = await readFile(path);
  assert.equal(disk.length, metricsDiskBytes);
  assert.equal(disk.subarray(0, 20).toString("hex"), "6d76626400000000000000c30000000261620000");
});

test("what QEMU puts in the disk's place is not written to", async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "vmpod-metrics-"));
  t.after(() => rm(directory, { recursive: true }));
  const [path, other] = [join(directory, "disk"), join(directory, "other")];
  await writeFile(other, "kept");
  await symlink(other, path);
  await assert.rejects(rewriteMetricsDisk(path, "x"), /ELOOP/);
  await unlink(path);
  await link(other, path);
  await assert.rejects(rewriteMetricsDisk(path, "x"), /was replaced/);
  assert.equal(await readFile(other, "utf8"), "kept");
});

test("requests are understood however they are cut", () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 40 }), { maxLength: 6 }), (cuts) => {
      const text = "GET /metrics/XML\n\nGET /nothing\r\n\r\nGET /metrics/XML\r\n\r\n";
      const points = [0, ...cuts.sort((a, b) => a - b), text.length];
      let rest = "";
      const requests = points.slice(1).flatMap((end, index) => {
        const heard = hear(rest, text.slice(points[index], end));
        rest = heard.rest;
        return heard.requests;
      });
      assert.deepEqual([requests, rest], [["metrics", "invalid", "metrics"], ""]);
    }),
  );
});

test("a guest that talks without an end is not remembered", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary", maxLength: 3000 }), { maxLength: 10 }), (pieces) => {
      let rest = "";
      for (const piece of pieces) {
        rest = hear(rest, piece).rest;
        assert.ok(rest.length <= 1024);
      }
    }),
  );
  assert.equal(answerTo("invalid", "<metrics/>"), "INVALID REQUEST\n\n");
  assert.equal(answerTo("metrics", "<metrics>\n</metrics>\n"), "<metrics>\n</metrics>\n\n");
});
