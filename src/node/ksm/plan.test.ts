import assert from "node:assert/strict";
import { test } from "node:test";
import type { Node } from "../../../api/core.ts";
import { type KsmAction, type KsmObservation, type KsmState, planKsm } from "./plan.ts";
import { tuningOf } from "./tuning.ts";

const gib = 1024 ** 2;
const plenty = { totalKib: 16 * gib, availableKib: 8 * gib };
const scarce = { totalKib: 16 * gib, availableKib: 2 * gib };
const off: KsmState = { running: false, pages: 100, sleepMs: 20 };
const on = (pages: number): KsmState => ({ running: true, pages, sleepMs: 20 });

function node(isManaged?: boolean, more: Record<string, string> = {}): Node {
  const managed: Record<string, string> =
    isManaged === undefined ? {} : { "kubevirt.io/ksm-handler-managed": String(isManaged) };
  return { metadata: { name: "n1", labels: {}, annotations: { ...managed, ...more } } };
}

function planned(more: Partial<KsmObservation>): KsmAction[] {
  const observation = { node: node(), isSelected: true, kernel: off, memory: scarce, isDue: true, ...more };
  return planKsm({ tuning: tuningOf(observation.node).tuning, ...observation });
}

const tuned = (actions: readonly KsmAction[]) => actions.flatMap((each) => (each.type === "tune" ? [each.state] : []));
const marked = (actions: readonly KsmAction[]) =>
  actions.flatMap((each) =>
    each.type === "mark"
      ? [
          [
            each.metadata.labels["kubevirt.io/ksm-enabled"],
            each.metadata.annotations["kubevirt.io/ksm-handler-managed"],
          ],
        ]
      : [],
  );

test("it is turned on when memory becomes scarce, and that is said first", () => {
  const actions = planned({});
  assert.deepEqual(
    actions.map(({ type }) => type),
    ["mark", "tune"],
  );
  assert.deepEqual(marked(actions), [["true", "true"]]);
  // 14 GiB are in use: 100 ms * 16 / 14.
  assert.deepEqual(tuned(actions), [{ running: true, pages: 100, sleepMs: 114 }]);
});

test("while memory is plenty it stays off", () => {
  const actions = planned({ memory: plenty });
  assert.deepEqual([tuned(actions), marked(actions)], [[], [["true", "false"]]]);
});

test("it searches more while memory is scarce and less when it is not, up to the most, down to off", () => {
  const next = (pages: number, memory: typeof scarce) => {
    const [state] = tuned(planned({ node: node(true), kernel: on(pages), memory }));
    return state?.running ? state.pages : "off";
  };
  assert.deepEqual([next(100, scarce), next(1000, scarce), next(1250, scarce)], [400, 1250, 1250]);
  assert.deepEqual([next(400, plenty), next(114, plenty), next(113, plenty)], [350, 64, "off"]);
});

test("turned off because memory is plenty, it is no longer ours, and that is said last", () => {
  const actions = planned({ node: node(true), kernel: on(70), memory: plenty });
  assert.deepEqual(
    actions.map(({ type }) => type),
    ["tune", "mark"],
  );
  assert.deepEqual(marked(actions), [["true", "false"]]);
});

test("one step after another: what has just been tuned stays", () => {
  const actions = planned({ node: node(true), kernel: on(100), isDue: false });
  assert.deepEqual([tuned(actions), marked(actions)], [[], [["true", "true"]]]);
  assert.equal(tuned(planned({ isDue: false })).length, 1, "but it is turned on at once");
});

test("on a node that is not selected only what this agent turned on is turned off", () => {
  const ours = planned({ isSelected: false, node: node(true), kernel: on(300) });
  assert.deepEqual([tuned(ours)[0]?.running, marked(ours)], [false, [["false", "false"]]]);
  for (const theirs of [node(), node(false)]) {
    const actions = planned({ isSelected: false, node: theirs, kernel: on(300) });
    assert.deepEqual([tuned(actions), marked(actions)], [[], [["false", "false"]]]);
  }
});

test("what the node's owner has turned on is left to them", () => {
  const actions = planned({ kernel: on(300), memory: plenty });
  assert.deepEqual([tuned(actions), marked(actions)], [[], [["true", "false"]]]);
});

test("a kernel without it is never asked, and what is said already is not said again", () => {
  const { metadata } = node(false);
  const said = { metadata: { ...metadata, labels: { "kubevirt.io/ksm-enabled": "false" } } };
  assert.deepEqual(planned({ node: said, kernel: undefined }), []);
});

test("the node's annotations say how it is tuned", () => {
  const more = {
    "kubevirt.io/ksm-free-percent-override": "0.6",
    "kubevirt.io/ksm-pages-init-override": "200",
    "kubevirt.io/ksm-sleep-ms-baseline-override": "10",
  };
  const actions = planned({ node: node(undefined, more), memory: plenty });
  assert.deepEqual(tuned(actions), [{ running: true, pages: 200, sleepMs: 20 }]);
});

test("an annotation that cannot be used is named, and the usual number holds", () => {
  const of = (name: string, value: string, more = {}) =>
    tuningOf(node(undefined, { [`kubevirt.io/ksm-${name}-override`]: value, ...more }));
  const usual = tuningOf(node()).tuning;
  for (const [name, value, fix] of [
    ["pages-boost", "-3", "use a whole number of 0 or more; until then it is 300"],
    ["pages-boost", "1e3", "use a whole number of 0 or more; until then it is 300"],
    ["pages-decay", "20", "use a whole number of 0 or less; until then it is -50"],
    ["pages-init", "5000", "use a whole number from 64 to 1250; until then it is 100"],
    ["free-percent", "20", "use a number from 0 to 1; until then it is 0.2"],
    ["sleep-ms-baseline", "0", "use a whole number of 1 or more; until then it is 100"],
  ] as const) {
    const { tuning, problems } = of(name, value);
    assert.deepEqual(tuning, usual, name);
    assert.deepEqual(problems, [
      `metadata.annotations[kubevirt.io/ksm-${name}-override] "${value}" is not honoured: ${fix}`,
    ]);
  }
  const high = of("pages-min", "2000");
  assert.deepEqual(high.problems, []);
  assert.deepEqual([high.tuning.pagesMax, high.tuning.pagesInit], [2000, 2000], "none contradicts another");
});
