import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import pino from "pino";
import fc from "../../base/property.fixture.ts";
import { sampleVmi } from "../../../api/kubevirt/sample.ts";
import { mergeTraces, startMarks, type StartTrace } from "../../../api/kubevirt/start-trace.ts";
import { createTraceExporter, traceTargetFrom } from "./exporter.ts";
import { renderOtlp } from "./otlp.ts";
import { type StartSpans, startSpans } from "./spans.ts";
import { renderWaterfall } from "./waterfall.ts";

const created = Date.parse("2026-01-01T00:00:00Z");
const at = (milliseconds: number): string => new Date(created + milliseconds).toISOString();

const started = (startTrace: StartTrace) =>
  sampleVmi((vmi) => {
    vmi.metadata = { ...vmi.metadata, creationTimestamp: at(0).replace(".000", "") };
    vmi.status = { phase: "Running", nodeName: "n", startTrace };
  });

const whole = (): StartSpans => {
  const spans = startSpans(
    started({
      created: at(400),
      podCreated: at(450),
      podRunning: at(1450),
      guestStarted: at(1650),
      agentConnected: at(4650),
    }),
  );
  assert.ok(spans);
  return spans;
};

test("a start is a chain of spans from its creation to what was seen last", () => {
  const { startMs, spans } = whole();
  assert.deepEqual(
    spans.map(({ mark, startMs: from, endMs }) => [mark, from - startMs, endMs - from]),
    [
      ["podCreated", 0, 50],
      ["podRunning", 50, 1000],
      ["guestStarted", 1050, 200],
      ["agentConnected", 1250, 3000],
    ],
  );
});

test("a wait before the first mark is a span of its own; a part of a second is the API's clock", () => {
  const first = (milliseconds: number) =>
    startSpans(started({ created: at(milliseconds), podCreated: at(milliseconds + 10) }))?.spans[0];
  assert.deepEqual([first(5000)?.mark, first(5000)?.startMs], ["created", created]);
  assert.equal(first(900)?.mark, "podCreated");
  assert.equal(startSpans(started({})), undefined);
  assert.equal(startSpans(sampleVmi()), undefined);
});

test("whatever marks there are, in whatever order they were reached: spans follow each other and add up", () => {
  const trace = fc.record(
    Object.fromEntries(startMarks.map((mark) => [mark, fc.oneof(fc.nat(100_000).map(at), fc.string())])),
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(trace, (marks) => {
      const start = startSpans(started(marks));
      if (start === undefined) return;
      let time = start.startMs;
      for (const { startMs, endMs } of start.spans) {
        assert.equal(startMs, time);
        assert.ok(endMs >= startMs);
        time = endMs;
      }
      assert.equal(time, start.endMs);
      for (const line of renderWaterfall(start).split("\n").slice(1, -1)) assert.match(line, / ms {2}[.#]{40} {2}\S/);
    }),
  );
});

test("a mark that is there stays", () => {
  assert.deepEqual(mergeTraces({ created: at(1) }, { podCreated: at(2), created: at(3) }), {
    created: at(1),
    podCreated: at(2),
  });
  assert.equal(mergeTraces(undefined, {}), undefined);
});

test("a waterfall", () => {
  assert.equal(
    renderWaterfall(whole()),
    [
      "       START         TOOK",
      "        0 ms        50 ms  #.......................................  pod created",
      "       50 ms     1,000 ms  ##########..............................  images, volumes, container",
      "    1,050 ms       200 ms  .........###............................  devices attached, guest started",
      "    1,250 ms     3,000 ms  ...........#############################  until its guest agent connects",
      "                 4,250 ms  in all",
    ].join("\n"),
  );
});

test("OTLP: one trace, its parts below the whole", () => {
  const { resourceSpans } = renderOtlp(started({}), whole());
  const [root, ...parts] = resourceSpans[0]?.scopeSpans[0]?.spans ?? [];
  assert.match(root?.traceId ?? "", /^[0-9a-f]{32}$/);
  assert.equal(root?.startTimeUnixNano, "1767225600400000000");
  assert.equal(parts.length, 4);
  for (const part of parts) {
    assert.match(part.spanId, /^[0-9a-f]{16}$/);
    assert.deepEqual([part.traceId, part.parentSpanId], [root?.traceId, root?.spanId]);
  }
  assert.equal(new Set(parts.map(({ spanId }) => spanId)).size, parts.length);
});

test("where traces go, as OpenTelemetry's libraries are told", () => {
  const table: [Record<string, string>, object | undefined][] = [
    [{}, undefined],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4318/" }, { url: "http://c:4318/v1/traces", headers: {} }],
    [
      { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://c/t", OTEL_EXPORTER_OTLP_HEADERS: "a=b%20c, d=e" },
      { url: "http://c/t", headers: { a: "b c", d: "e" } },
    ],
  ];
  for (const [environment, target] of table) assert.deepEqual(traceTargetFrom(environment), target);
  assert.throws(() => traceTargetFrom({ OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4318" }), /use an address such as/);
});

test("traces reach a collector; one that refuses them disturbs nobody", async () => {
  const received: string[] = [];
  let code = 200;
  const collector = createServer(async (request, response) => {
    received.push(`${request.method} ${request.url} ${request.headers["content-type"]} ${await text(request)}`);
    response.writeHead(code).end("{}");
  }).listen(0, "127.0.0.1");
  await once(collector, "listening");
  const url = `http://127.0.0.1:${(collector.address() as AddressInfo).port}/v1/traces`;
  const exporter = createTraceExporter({ url, headers: {} }, pino({ level: "silent" }));
  const request = renderOtlp(started({}), whole());
  exporter.export(request);
  await exporter.idle();
  code = 503;
  for (let round = 0; round < 300; round += 1) exporter.export(request);
  await exporter.idle();
  assert.equal(received[0], `POST /v1/traces application/json ${JSON.stringify(request)}`);
  assert.ok(received.length <= 1 + 1 + 100, String(received.length));
  collector.close();
  collector.closeAllConnections();
  exporter.export(request);
  await exporter.idle();
});
