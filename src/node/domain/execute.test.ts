import assert from "node:assert/strict";
import { test } from "node:test";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import type { Informer } from "../../client/informer.ts";
import type { EventRecorder } from "../../runtime/event-recorder.ts";
import type { DeviceAction } from "../../qemu/devices/action.ts";
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

test("a device that comes again has not been asked to go", async () => {
  const records = createDomainRecords();
  const asked: string[] = [];
  const qmp = { execute: (command: string) => Promise.resolve(void asked.push(command)) };
  const context = { records, monitors: { of: () => Promise.resolve(qmp) } } as unknown as ExecuteContext;
  const [observation, qemu] = [someObservation(), { pid: process.pid, startTicks: 1 }];
  const change = (action: DeviceAction) =>
    execute(context, { type: "changeDevice", change: action, observation, qemu }, new AbortController().signal);
  const { unplugAskedMs } = records.of("vmi-uid");
  await change({ command: "device_del", args: { id: "disk-data" } });
  assert.deepEqual([...unplugAskedMs.keys()], ["disk-data"]);
  await change({ command: "device_add", args: { driver: "virtio-blk-pci", id: "disk-data" } });
  assert.deepEqual([...unplugAskedMs.keys()], []);
  assert.deepEqual(asked, ["device_del", "device_add"]);
});
