import assert from "node:assert/strict";
import { test } from "node:test";
import type { ObservedDevices } from "../../qemu/devices/observe.ts";
import { planDevices } from "../../qemu/devices/plan.ts";
import { desiredDevices } from "./desired-devices.ts";
import { allDevices, driversOf, noDevices, someMachine, someObservation, someVmi } from "./observation.fixture.ts";
import { plan } from "./plan.ts";
import { linkedInterfaces } from "./plug-nics.ts";
import { networkKey } from "./records.ts";

type State = "absent" | "up" | undefined;

/** With a NIC of its pod's network, and others. */
function machine(...others: [name: string, state: State][]) {
  const spec = someVmi().spec;
  const names = others.map(([name]) => name);
  return someVmi({
    spec: {
      domain: {
        ...spec.domain,
        devices: {
          ...spec.domain.devices,
          interfaces: [
            { name: "default", masquerade: {} },
            ...others.map(([name, state]) => ({ name, bridge: {}, ...(state && { state }) })),
          ],
        },
      },
      networks: [{ name: "default", pod: {} }, ...names.map((name) => ({ name, multus: { networkName: name } }))],
    },
    status: { phase: "Running" },
  });
}

const ports = [0, 1, 2, 3, 4].map((index) => `port${index}`);

/** QEMU has the disk and these NICs. */
function has(...nics: string[]): ObservedDevices {
  return {
    ...allDevices,
    devices: driversOf(...ports, "disk-root", ...nics.map((name) => `nic-${name}`)),
    netdevs: new Set(nics.map((name) => `net-${name}`)),
    freePorts: ports.slice(1 + nics.length),
  };
}

function steps(vmi: ReturnType<typeof machine>, devices: ObservedDevices, unplugAsked: string[] = []) {
  const observation = someObservation({ vmi, machine: someMachine({ devices }), unplugAsked: new Set(unplugAsked) });
  return plan(observation).map((action) => {
    if (action.type !== "changeDevice") return action.type;
    const { id, bus } = action.change.args as { id: string; bus?: string };
    return [action.change.command, id, ...(bus ? [bus] : [])].join(" ");
  });
}

test("a NIC is plugged into a running guest, and let go of", () => {
  const lan = machine(["lan", undefined]);
  assert.deepEqual(steps(lan, has("default", "lan")), []);
  assert.deepEqual(steps(lan, has("default")), ["netdev_add net-lan", "device_add nic-lan port2"]);
  const gone = machine(["lan", "absent"]);
  assert.deepEqual(steps(gone, has("default", "lan")), ["device_del nic-lan"]);
  assert.deepEqual(steps(gone, has("default", "lan"), ["nic-lan"]), [], "asked a moment ago");
  assert.deepEqual(steps(gone, { ...has("default"), netdevs: new Set(["net-default", "net-lan"]) }), [
    "netdev_del net-lan",
  ]);
  assert.deepEqual(steps(gone, has("default")), []);
});

test("each has the port that it will have where the guest moves to, whatever has gone before", () => {
  const vmi = machine(["lan", "absent"], ["dmz", undefined]);
  assert.ok(steps(vmi, has("default")).includes("device_add nic-dmz port3"));
  const nothing = { ...noDevices, devices: driversOf(...ports), freePorts: ports };
  const disks = someObservation({ vmi }).disks;
  assert.ok(
    planDevices(desiredDevices(vmi, disks), nothing).some(
      ({ command, args }) => command === "device_add" && args.id === "nic-dmz" && args["bus"] === "port3",
    ),
  );
});

test("that there is no place for one more keeps nobody from the rest", () => {
  const full = { ...has("default"), freePorts: [] };
  const observation = someObservation({
    vmi: machine(["lan", undefined]),
    machine: someMachine({ devices: full }),
    guestDue: true,
  });
  assert.deepEqual(
    plan(observation).map(({ type }) => type),
    ["askGuest", "refuse"],
  );
});

test("the network is looked at again when an interface has come, or the guest has let go of one", () => {
  const qemu = { pid: 42, startTicks: 7 };
  const key = (vmi: ReturnType<typeof machine>, devices: ObservedDevices) =>
    networkKey(qemu, { vmi, machine: someMachine({ devices }) });
  const [present, absent] = [machine(["lan", undefined]), machine(["lan", "absent"])];
  assert.notEqual(key(machine(), has("default")), key(present, has("default")));
  assert.equal(key(present, has("default")), key(present, has("default", "lan")));
  assert.equal(key(absent, has("default", "lan")), key(present, has("default", "lan")));
  assert.notEqual(key(absent, has("default")), key(present, has("default")));
  assert.deepEqual(linkedInterfaces({ vmi: absent, machine: undefined }), ["default"]);
});
