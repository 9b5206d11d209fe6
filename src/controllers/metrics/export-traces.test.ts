import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { sampleVmi } from "../../../api/kubevirt/sample.ts";
import type { StartTrace } from "../../../api/kubevirt/start-trace.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import type { Change } from "../../client/informer.ts";
import type { OtlpRequest } from "../../telemetry/trace/otlp.ts";
import { exportTraces } from "./export-traces.ts";

const time = (second: number): string => new Date(second * 1000).toISOString();
const created: StartTrace = { created: time(1) };
const running: StartTrace = { ...created, guestStarted: time(2) };
const whole: StartTrace = { ...running, agentConnected: time(3) };

/** An instance's changes one after the other, told to an exporter. @returns how many spans each exported trace has */
function play(): { change: (type: Change<object>["type"], trace: StartTrace) => void; sent: number[]; stop(): void } {
  const sent: number[] = [];
  const ended = new AbortController();
  let current: VirtualMachineInstance | undefined;
  let tell: (change: Change<VirtualMachineInstance>) => void = () => undefined;
  const vmis = {
    get: () => current,
    onChange(handler: typeof tell) {
      tell = handler;
    },
  };
  const exporter = {
    export: ({ resourceSpans }: OtlpRequest) => void sent.push(resourceSpans[0]?.scopeSpans[0]?.spans.length ?? 0),
    idle: () => Promise.resolve(),
  };
  exportTraces(vmis, exporter, ended.signal, 20);
  return {
    sent,
    stop: () => ended.abort(),
    change(type, startTrace) {
      const previous = current;
      const object = sampleVmi((vmi) => {
        vmi.status = { phase: "Running", startTrace };
      });
      current = type === "deleted" ? undefined : object;
      tell({ type, object, previous });
    },
  };
}

test("a start is exported once, when its guest agent connects", async () => {
  const { change, sent } = play();
  change("added", created);
  change("updated", running);
  change("updated", whole);
  change("updated", whole);
  await delay(60);
  assert.deepEqual(sent, [3]);
});

test("without a guest agent it is exported after a while, unless the guest is gone or somebody else leads", async () => {
  const [waits, goes, retires] = [play(), play(), play()];
  for (const { change } of [waits, goes, retires]) {
    change("added", created);
    change("updated", running);
  }
  goes.change("deleted", running);
  retires.stop();
  await delay(60);
  assert.deepEqual([waits.sent, goes.sent, retires.sent], [[2], [], []]);
});

test("what was whole before is another's", () => {
  const { change, sent } = play();
  change("added", whole);
  change("updated", whole);
  assert.deepEqual(sent, []);
});
