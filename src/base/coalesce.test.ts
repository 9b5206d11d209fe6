import { deepEqual, equal, rejects } from "node:assert/strict";
import { test } from "node:test";
import { coalesce } from "./coalesce.ts";

/** Work whose runs the test ends. */
function heldWork() {
  const runs: PromiseWithResolvers<number>[] = [];
  const work = (): Promise<number> => {
    const run = Promise.withResolvers<number>();
    runs.push(run);
    return run.promise;
  };
  return { runs, look: coalesce(work) };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("calls of one moment share a run; those that come while it runs share the next", async () => {
  const { runs, look } = heldWork();
  const early = [look(), look()];
  await turn();
  const late = [look(), look()];
  await turn();
  equal(runs.length, 1, "nobody's run begins while another runs");
  runs[0]?.resolve(1);
  deepEqual(await Promise.all(early), [1, 1]);
  await turn();
  equal(runs.length, 2);
  runs[1]?.resolve(2);
  deepEqual(await Promise.all(late), [2, 2]);
});

test("a run that fails fails for those who shared it only", async () => {
  const { runs, look } = heldWork();
  const early = look();
  await turn();
  const late = look();
  runs[0]?.reject(new Error("no"));
  await rejects(early, /no/);
  await turn();
  runs[1]?.resolve(2);
  equal(await late, 2);
});
