import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultConfiguration } from "../../../api/kubevirt/configuration.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { type Change, changedSince, withTemplate } from "./changed-template.fixture.ts";
import type { Observation } from "./observation.ts";
import { plan } from "./plan.ts";
import { decideStatus } from "./status.ts";

const lan = { name: "lan", multus: { networkName: "lan" } };

/** A machine of these networks that runs, and whose template was changed since. */
function changed(change: Change, more: Partial<Observation> = {}, atStart: Change = () => undefined): Observation {
  const start: Change = (spec) => {
    spec.networks = [{ name: "default", pod: {} }];
    spec.domain.devices.interfaces = [{ name: "default", masquerade: {} }];
    atStart(spec);
  };
  return { ...changedSince(change, start), ...more };
}

const addLan: Change = (spec) => {
  spec.networks?.push(lan);
  spec.domain.devices.interfaces?.push({ name: "lan", bridge: {} });
};
const setState =
  (state: string): Change =>
  ({ domain }) => {
    const nic = domain.devices.interfaces?.find(({ name }) => name === "lan");
    if (nic) nic.state = state;
  };

function updated(observation: Observation): VirtualMachineInstance | undefined {
  const [action] = plan(observation);
  return action?.type === "updateVmi" ? action.vmi : undefined;
}
const asksForRestart = (observation: Observation): boolean =>
  decideStatus(observation).conditions?.some(({ type }) => type === "RestartRequired") === true;

test("a new interface is told to the instance, and nothing is left to do", () => {
  const observation = changed(addLan);
  const vmi = updated(observation);
  assert.deepEqual(
    vmi?.spec.networks?.map(({ name }) => name),
    ["default", "lan"],
  );
  assert.partialDeepStrictEqual(vmi?.spec.domain.devices.interfaces?.at(-1), { name: "lan", bridge: {} });
  const told = { ...observation, instance: vmi };
  assert.deepEqual(plan(told), []);
  assert.equal(asksForRestart(told), false);
});

test("it becomes absent, and comes back", () => {
  const start = changed(setState("absent"), {}, addLan);
  const absent = updated(start);
  assert.equal(absent?.spec.domain.devices.interfaces?.[1]?.state, "absent");
  const back = withTemplate({ ...start, instance: absent }, setState("up"));
  assert.equal(updated(back)?.spec.domain.devices.interfaces?.[1]?.state, "up");
});

test("what else has changed waits for a restart; a new interface does not wait with it", () => {
  const observation = changed((spec) => {
    addLan(spec);
    spec.domain.machine = { type: "pc" };
  });
  const vmi = updated(observation);
  assert.equal(vmi?.spec.domain.devices.interfaces?.at(-1)?.name, "lan");
  const told = { ...observation, instance: vmi };
  assert.deepEqual(plan(told), []);
  assert.equal(asksForRestart(told), true);
});

test("other interfaces wait for a restart", () => {
  const masquerade: Change = (spec) => {
    spec.networks?.push({ name: "other", pod: {} });
    spec.domain.devices.interfaces?.push({ name: "other", masquerade: {} });
  };
  const sriov: Change = (spec) => {
    spec.networks?.push(lan);
    spec.domain.devices.interfaces?.push({ name: "lan", sriov: {} });
  };
  const absentPodNetwork: Change = ({ domain }) => {
    for (const nic of domain.devices.interfaces ?? []) nic.state = "absent";
  };
  const unwanted = { configuration: { ...defaultConfiguration, vmRolloutStrategy: "Stage" as const } };
  const cases = [changed(masquerade), changed(sriov), changed(absentPodNetwork), changed(addLan, unwanted)];
  for (const observation of cases) {
    assert.deepEqual(plan(observation), []);
    assert.equal(asksForRestart(observation), true);
  }
});

test("a guest on its way to another launcher is told afterwards", () => {
  const observation = changed(addLan);
  const migrationState = { migrationUid: "m", startTimestamp: "2026-01-01T00:00:00Z" };
  const instance = observation.instance && { ...observation.instance, status: { phase: "Running", migrationState } };
  assert.deepEqual(plan({ ...observation, instance }), []);
});
