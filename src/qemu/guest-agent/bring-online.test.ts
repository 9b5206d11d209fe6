import assert from "node:assert/strict";
import { test } from "node:test";
import { QmpError, QmpTimeout } from "../qmp/errors.ts";
import { bringOnline } from "./bring-online.ts";

const mebibyte = 1024 ** 2;
const blockBytes = 128 * mebibyte;

/** A guest that takes notice of one processor and one block each time that it is asked for them, first of those that it booted with. */
function slowGuest({ busy = 0 } = {}) {
  const processors: { "logical-id": number; online: boolean }[] = [{ "logical-id": 0, online: true }];
  const blocks: { "phys-index": number; online: boolean }[] = [{ "phys-index": 0, online: true }];
  let missed = busy;
  const call = (command: string, parameters: object = {}): Promise<unknown> => {
    if (missed-- > 0) return Promise.reject(new QmpTimeout("agent.sock", command, 5000));
    const [list] = Object.values(parameters) as { [id: string]: unknown }[][];
    switch (command) {
      case "guest-get-vcpus": {
        const answer = structuredClone(processors);
        if (processors.length < 3) processors.push({ "logical-id": processors.length, online: false });
        return Promise.resolve(answer);
      }
      case "guest-get-memory-block-info":
        return Promise.resolve({ size: blockBytes });
      case "guest-get-memory-blocks": {
        const answer = structuredClone(blocks);
        if (blocks.length < 3) blocks.push({ "phys-index": 31 + blocks.length, online: false });
        return Promise.resolve(answer);
      }
      case "guest-set-vcpus":
        for (const each of processors)
          each.online ||= list?.some((it) => it["logical-id"] === each["logical-id"]) === true;
        return Promise.resolve(list?.length);
      case "guest-set-memory-blocks":
        for (const each of blocks) each.online ||= list?.some((it) => it["phys-index"] === each["phys-index"]) === true;
        return Promise.resolve([]);
      default:
        return Promise.reject(new QmpError(command, "CommandNotFound", "not known"));
    }
  };
  return { call, isWhole: () => [...processors, ...blocks].every(({ online }) => online), processors, blocks };
}

const given = { processors: 3, hotMemory: { address: 32 * blockBytes, pluggedBytes: 2 * blockBytes } };

test("what a guest notices later is put to use as well, processors and memory", async () => {
  const guest = slowGuest();
  await bringOnline(guest, given);
  assert.deepEqual([guest.processors.length, guest.blocks.length, guest.isWhole()], [3, 3, true]);
});

test("an answer that does not come in time is asked for again", async () => {
  const guest = slowGuest({ busy: 3 });
  await bringOnline(guest, given);
  assert.ok(guest.isWhole() && guest.blocks.length === 3);
});

test("a processor that the guest could not wake is asked for again", async () => {
  const guest = slowGuest();
  let failures = 2;
  const call = (command: string, parameters?: object): Promise<unknown> =>
    command === "guest-set-vcpus" && failures-- > 0
      ? Promise.reject(new QmpError(command, "GenericError", "failed to set cpu online: Input/output error"))
      : guest.call(command, parameters);
  await bringOnline({ call }, given);
  assert.ok(guest.isWhole() && guest.processors.length === 3);
});

test("an agent that does not serve it leaves it to the guest", async () => {
  const refused = { call: () => Promise.reject(new QmpError("guest-get-vcpus", "CommandNotFound", "disabled")) };
  await bringOnline(refused, given);
});
