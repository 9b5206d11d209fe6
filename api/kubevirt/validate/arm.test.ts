import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultConfiguration } from "../configuration.ts";
import { defaultVirtualMachineInstanceSpec } from "../defaults/vmi.ts";
import type { Domain, VirtualMachineInstanceSpec } from "../types.ts";
import { validateVirtualMachineInstance } from "./vmi.ts";

function armSpec(domain: Partial<Domain> = {}): VirtualMachineInstanceSpec {
  const spec = {
    architecture: "arm64",
    domain: { memory: { guest: "256Mi" }, devices: {}, ...domain },
    volumes: [{ name: "root", containerDisk: { image: "quay.io/containerdisks/debian:12" } }],
  };
  return defaultVirtualMachineInstanceSpec(spec, defaultConfiguration);
}

const refusals = (domain: Partial<Domain>) =>
  validateVirtualMachineInstance(armSpec(domain)).map(({ field, message }) => `${field}: ${message}`);

test("what is left open becomes what the board has, and is accepted", () => {
  const { domain } = armSpec();
  assert.equal(domain.machine?.type, "virt");
  assert.deepEqual(domain.firmware?.bootloader, { efi: { secureBoot: false } });
  assert.equal(domain.cpu?.model, "host-passthrough");
  assert.deepEqual(domain.devices.disks, [{ name: "root", disk: { bus: "virtio" } }]);
  assert.deepEqual(refusals({}), []);
});

const devices = (more: Domain["devices"]): Partial<Domain> => ({ devices: more });
const refused: [what: string, domain: Partial<Domain>, field: string, message: RegExp][] = [
  ["a PC", { machine: { type: "q35" } }, "machine.type", /"virt"/],
  ["BIOS", { firmware: { bootloader: { bios: {} } } }, "firmware.bootloader.bios", /use efi/],
  ["Secure Boot", { firmware: { bootloader: { efi: {} } } }, "firmware.bootloader.efi.secureBoot", /set it to false/],
  [
    "kept variables",
    { firmware: { bootloader: { efi: { secureBoot: false, persistent: true } } } },
    "firmware.bootloader.efi.persistent",
    /leave it out/,
  ],
  ["ACPI tables", { firmware: { acpi: { msdmNameRef: "root" } } }, "firmware.acpi.msdmNameRef", /amd64's/],
  ["the host's model", { cpu: { model: "host-model" } }, "cpu.model", /host-passthrough/],
  ["SATA", devices({ disks: [{ name: "root", disk: { bus: "sata" } }] }), "devices.disks[0].disk.bus", /"scsi"/],
  [
    "a SATA drive",
    devices({ disks: [{ name: "root", cdrom: { bus: "sata" } }] }),
    "devices.disks[0].cdrom.bus",
    /"scsi"/,
  ],
  ["a watchdog", devices({ watchdog: { name: "dog", i6300esb: {} } }), "devices.watchdog", /amd64's/],
  ["sound", devices({ sound: { name: "beep" } }), "devices.sound", /amd64's/],
  ["VGA", devices({ video: { type: "vga" } }), "devices.video.type", /"ramfb"/],
  ["a panic device on ISA", devices({ panicDevices: [{ model: "isa" }] }), "devices.panicDevices[0].model", /pvpanic/],
  ["Hyper-V", { features: { hyperv: {} } }, "features.hyperv", /amd64's/],
  ["SMM", { features: { smm: {} } }, "features.smm", /amd64's/],
  ["HPET", { clock: { timer: { hpet: { present: false } } } }, "clock.timer.hpet", /amd64's/],
  ["ticks", { clock: { timer: { rtc: { tickPolicy: "catchup" } } } }, "clock.timer.rtc.tickPolicy", /amd64's/],
  ["threads", { cpu: { threads: 2 } }, "cpu.threads", /must be 1/],
];

for (const [what, domain, field, message] of refused) {
  test(`arm64 has no ${what}`, () => {
    const causes = refusals(domain);
    assert.ok(
      causes.some((cause) => cause.startsWith(`spec.domain.${field}: `) && message.test(cause)),
      causes.join("\n"),
    );
  });
}

test("nothing of it is refused on amd64", () => {
  const spec = { ...armSpec(), architecture: "amd64" };
  spec.domain = { ...spec.domain, machine: { type: "virt" }, cpu: { model: "host-model" } };
  const fields = validateVirtualMachineInstance(spec).map(({ field }) => field);
  assert.deepEqual(fields, ["spec.domain.machine.type"]);
});
