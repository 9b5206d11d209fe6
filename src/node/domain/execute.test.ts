import assert from "node:assert/strict";
import { test } from "node:test";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import type { Informer } from "../../client/informer.ts";
import type { EventRecorder } from "../../runtime/event-recorder.ts";
import { execute, type ExecuteContext } from "./execute.ts";
import { noteEvent } from "./note-event.ts";
import { noDevices, someMachine, someObservation, someVmi } from "./observation.fixture.ts";
import { createDomainRecords, networkKey } from "./records.ts";

test("a network that breaks while it is being connected is not taken for connected", async () => {
  const vmi = someVmi({ status: { phase: "Running" } });
  vmi.spec.domain.devices.interfaces = [{ name: "default", passtBinding: {} }];
  // Nothing is started for it before QEMU listens: only what the pod resolves by is read, here of this process.
  const qemu = { pid: process.pid, startTicks: 1 };
  const observation = someObservation({ vmi, qemu, machine: someMachine({ devices: noDevices }) });
  const records = createDomainRecords();
  const record = records.of("vmi-uid");
  const context = { records, dhcpDirectory: "/nonexistent" } as unknown as ExecuteContext;
  const connect = () => execute(context, { type: "connectNetwork", observation, qemu }, new AbortController().signal);

  const connecting = connect();
  const vmis = { get: () => vmi } as unknown as Informer<VirtualMachineInstance>;
  const event = { type: "event", event: "NETDEV_STREAM_DISCONNECTED", data: {}, timestampMs: 0 } as const;
  const isTold = noteEvent(vmis, records, {} as EventRecorder, "default/one", event);
  await connecting;
  assert.deepEqual([isTold, record.networkOf], [true, undefined]);

  await connect();
  assert.equal(record.networkOf, networkKey(qemu, observation));
});
