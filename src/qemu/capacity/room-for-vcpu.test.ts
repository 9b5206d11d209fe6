import assert from "node:assert/strict";
import { test } from "node:test";
import { QmpError } from "../qmp/errors.ts";
import { isRoomFor, makeRoomForVcpu } from "./room-for-vcpu.ts";

const whole = 66_945_024;

/** A guest that fills so much while each instruction is translated on its own; a buffer that overflows is emptied. */
function guest(usedBytes: number, fillsBytes: number) {
  const lines: string[] = [];
  let used = usedBytes;
  const fill = (bytes: number): void => {
    used = used + bytes > whole ? 0 : used + bytes;
  };
  const work = (): Promise<void> => Promise.resolve(fill(200_000));
  const execute = (command: string, parameters: object = {}): Promise<unknown> => {
    if (command === "x-query-jit")
      return Promise.resolve({
        "human-readable-text": `Translation buffer state:\ngen code size       ${used}/${whole}\n`,
      });
    const line = (parameters as { "command-line": string })["command-line"];
    lines.push(line);
    if (line === "singlestep on") fill(fillsBytes);
    return Promise.resolve(line.startsWith("one") ? "unknown command" : "");
  };
  return { lines, work, qmp: { execute: execute as never } };
}

const cpus = { present: 1, places: 4 };

test("a vCPU needs a region that no other has", () => {
  const mebibyte = 1024 ** 2;
  const used = (mebibytes: number) => ({ usedBytes: mebibytes * mebibyte, wholeBytes: 64 * mebibyte });
  assert.deepEqual(
    [60, 61].map((each) => isRoomFor(used(each), cpus)),
    [true, false],
  );
  assert.deepEqual(
    [48, 49].map((each) => isRoomFor(used(each), { present: 1, places: 1 })),
    [true, false],
    "eight regions",
  );
  assert.equal(isRoomFor(used(57), { present: 3, places: 4 }), false, "each has begun one");
});

test("where there is room, nothing is done but to undo what one who was killed did", async () => {
  const { lines, qmp } = guest(20_000_000, 0);
  await makeRoomForVcpu(qmp, cpus, undefined, 1);
  assert.deepEqual(lines, ["singlestep off", "one-insn-per-tb off"]);
});

test("a full buffer is made to overflow, and the guest runs as before", async () => {
  const { lines, qmp } = guest(66_500_000, 200_000);
  await makeRoomForVcpu(qmp, cpus, undefined, 1);
  assert.deepEqual(
    lines.filter((line) => line.startsWith("single")),
    Array.from({ length: 3 }, () => ["singlestep on", "singlestep off"]).flat(),
  );
});

test("a guest that does nothing by itself is given something to do", async () => {
  const { qmp, work } = guest(66_500_000, 0);
  await makeRoomForVcpu(qmp, cpus, work, 1);
  await assert.rejects(makeRoomForVcpu(guest(66_500_000, 0).qmp, cpus, () => Promise.reject(new Error("no agent")), 1));
});

test("a guest that does nothing is waited for, and told of", async () => {
  const { lines, qmp } = guest(66_500_000, 0);
  await assert.rejects(makeRoomForVcpu(qmp, cpus, undefined, 1), /no room for the code of another vCPU/);
  assert.equal(lines.at(-1), "one-insn-per-tb off");
});

test("with KVM there is nothing to make room in", async () => {
  const execute = (command: string): Promise<unknown> =>
    command === "x-query-jit"
      ? Promise.reject(new QmpError(command, "GenericError", "JIT information is only available with accel=tcg"))
      : Promise.resolve("");
  await makeRoomForVcpu({ execute: execute as never }, cpus, undefined, 1);
});
