import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../base/property.fixture.ts";
import { buildArguments, buildCommand } from "./arguments.ts";
import type { Domain, Firmware } from "./domain.ts";
import { driveNode } from "./ids.ts";
import { option } from "./options.ts";

const plain: Domain = {
  name: "vm",
  uuid: "11111111-2222-3333-4444-555555555555",
  accelerator: "tcg",
  machine: "q35",
  firmware: { type: "bios" },
  cpu: { sockets: 2, cores: 1, threads: 1 },
  memory: { bytes: 128 * 1024 ** 2 },
  pcieRootPorts: 10,
};

function valuesOf(domain: Domain, flag: string): string[] {
  const argv = buildArguments(domain);
  return argv.flatMap((each, index) => (each === flag ? [argv[index + 1] ?? ""] : []));
}

test("a machine waits for its devices, sandboxed, with nothing of QEMU's defaults", () => {
  const argv = buildArguments(plain);
  for (const flag of ["-S", "-nodefaults", "-no-user-config"]) assert.ok(argv.includes(flag), flag);
  assert.match(valuesOf(plain, "-sandbox")[0] ?? "", /spawn=deny/);
  assert.deepEqual(valuesOf(plain, "-accel"), ["tcg,tb-size=64"]);
  assert.ok(!argv.includes("-vnc"));
});

const models: [Domain["accelerator"], string | undefined, string][] = [
  ["tcg", undefined, "max"],
  ["tcg", "host-passthrough", "max"],
  ["kvm", "host-model", "host"],
  ["kvm", "Skylake-Client", "Skylake-Client"],
];
for (const [accelerator, model, expected] of models) {
  test(`processor ${model ?? "unspecified"} with ${accelerator} is ${expected}`, () => {
    assert.deepEqual(valuesOf({ ...plain, accelerator, cpu: { ...plain.cpu, model } }, "-cpu"), [expected]);
  });
}

test("processor features follow the model", () => {
  const cpu = {
    ...plain.cpu,
    features: [
      { name: "avx", policy: "disable" as const },
      { name: "aes", policy: "require" as const },
    ],
  };
  assert.deepEqual(valuesOf({ ...plain, cpu }, "-cpu"), ["max,avx=off,aes=on"]);
});

test("a panicked guest waits to be seen, whichever way it tells", () => {
  const domain: Domain = { ...plain, panicDevices: ["isa", "pvpanic", "hyperv"] };
  assert.deepEqual(valuesOf(domain, "-action"), ["panic=pause"]);
  const devices = valuesOf(domain, "-device").filter((each) => each.includes("panic"));
  assert.deepEqual(devices, ["pvpanic,id=panic-isa", "pvpanic-pci,id=panic-pvpanic"]);
  assert.deepEqual(valuesOf(domain, "-cpu"), ["max,hv-crash=on"]);
  assert.deepEqual(valuesOf(plain, "-action"), []);
});

test("a sound card plays to nobody", () => {
  const devices = (sound: Domain["sound"]) => valuesOf({ ...plain, sound }, "-device").slice(-2);
  assert.deepEqual(devices("ich9"), ["ich9-intel-hda,id=sound0", "hda-duplex,bus=sound0.0,audiodev=audio0"]);
  assert.equal(devices("ac97")[1], "AC97,id=sound0,audiodev=audio0");
  assert.deepEqual(valuesOf({ ...plain, sound: "ac97" }, "-audiodev"), ["none,id=audio0"]);
});

test("USB devices of others have four slots, on a bus that has room for them", () => {
  const domain: Domain = { ...plain, usbRedirection: true, runDirectory: "/run/vmpod" };
  const devices = valuesOf(domain, "-device");
  assert.ok(devices.includes("qemu-xhci,id=usb,p2=15,p3=15"), devices.join(" "));
  assert.equal(devices.at(-1), "usb-redir,id=usbredir3,chardev=usbredir3,bus=usb.0");
  assert.equal(
    valuesOf(domain, "-chardev").at(-1),
    "socket,id=usbredir3,path=/run/vmpod/usbredir3.sock,server=on,wait=off",
  );
});

test("sockets leave room to plug into", () => {
  const cpu = { sockets: 1, cores: 2, threads: 1, maxSockets: 4 };
  assert.deepEqual(valuesOf({ ...plain, cpu }, "-smp"), ["2,sockets=4,cores=2,threads=1,maxcpus=8"]);
});

test("root ports fill slots of eight functions, the first of each marked so", () => {
  const ports = valuesOf(plain, "-device").filter((each) => each.startsWith("pcie-root-port"));
  assert.equal(ports.length, 10);
  assert.match(ports[0] ?? "", /id=port0,.*addr=0x2\.0,multifunction=on/);
  assert.match(ports[8] ?? "", /id=port8,.*addr=0x3\.0,multifunction=on/);
  assert.ok(!ports[9]?.includes("multifunction"));
  assert.deepEqual(
    valuesOf({ ...plain, machine: "pc" }, "-device").filter((each) => each.startsWith("pcie")),
    [],
  );
});

test("a SATA disk begins as a placeholder, a cdrom empty", () => {
  const sataDrives = [
    { name: "root", device: "disk" as const, bootIndex: 1 },
    { name: "seed", device: "cdrom" as const },
  ];
  const devices = valuesOf({ ...plain, sataDrives }, "-device");
  assert.ok(
    devices.includes("ide-hd,id=disk-root,bus=ide.0,unit=0,bootindex=1,drive=disk-root,werror=stop,rerror=stop"),
  );
  assert.ok(devices.includes("ide-cd,id=disk-seed,bus=ide.1,unit=0"));
});

test("a SATA disk writes as it is told to", () => {
  const sataDrives = [
    { name: "root", device: "disk" as const, cache: "writethrough" as const, errorPolicy: "enospc" as const },
  ];
  const [disk = ""] = valuesOf({ ...plain, sataDrives }, "-device").filter((each) => each.startsWith("ide-hd"));
  assert.ok(disk.endsWith("write-cache=off,werror=enospc,rerror=report"), disk);
});

const options: [what: string, change: Partial<Domain>, flag: string, value: string][] = [
  ["chassis", { chassis: { asset: "7" } }, "-smbios", "type=3,asset=7"],
  ["an end when the guest reboots", { endsAtReboot: true }, "-action", "reboot=shutdown"],
  ["Ignition", { ignition: '{"a": 1, "b": 2}' }, "-fw_cfg", 'name=opt/com.coreos/config,string={"a": 1,, "b": 2}'],
  ["clock", { clock: { track: "guest", ticks: "catchup" } }, "-rtc", "base=utc,clock=vm,driftfix=slew"],
  ["the host's clock", { clock: { track: "wall", ticks: "delay" } }, "-rtc", "base=utc,clock=host,driftfix=none"],
  ["no HPET", { clock: { hpet: false } }, "-machine", "q35,dump-guest-core=off,vmport=off,smm=off,hpet=off"],
  ["SMM", { smm: true }, "-machine", "q35,dump-guest-core=off,vmport=off,smm=on"],
  ["a version", { machineVersion: "pc-q35-7.1" }, "-machine", "pc-q35-7.1,dump-guest-core=off,vmport=off,smm=off"],
  ["I/O threads", { ioThreads: 2 }, "-object", "iothread,id=io1"],
  ["another screen", { graphics: true, video: "virtio" }, "-device", "virtio-vga,id=video0,bus=pcie.0,addr=0x1"],
  ["a simple screen", { graphics: true, video: "ramfb" }, "-device", "ramfb,id=video0"],
  [
    "a balloon that tells nothing",
    { balloon: true, freePageReporting: false },
    "-device",
    "virtio-balloon-pci,id=balloon0,free-page-reporting=off",
  ],
  ["no room above 4 GiB", { pciHole64: false }, "-global", "q35-pcihost.pci-hole64-size=0"],
  ["none of an old board", { pciHole64: false, machine: "pc" }, "-global", "i440FX-pcihost.pci-hole64-size=0"],
  ["an ACPI table", { acpiTables: { MSDM: "/s/msdm.bin" } }, "-acpitable", "sig=MSDM,file=/s/msdm.bin"],
  [
    "huge pages",
    { memory: { bytes: 128 * 1024 ** 2, hugePageBytes: 2 * 1024 ** 2 } },
    "-object",
    "memory-backend-memfd,id=huge-memory,size=128M,hugetlb=on,hugetlbsize=2M,prealloc=on",
  ],
  [
    "shared memory",
    { accelerator: "kvm", memory: { bytes: 128 * 1024 ** 2, shared: true } },
    "-object",
    "memory-backend-memfd,id=shared-memory,size=128M,share=on",
  ],
  [
    "shared memory that QEMU takes at once",
    { accelerator: "kvm", memory: { bytes: 128 * 1024 ** 2, shared: true, preallocated: true } },
    "-object",
    "memory-backend-memfd,id=shared-memory,size=128M,share=on,prealloc=on",
  ],
  [
    "shared memory that QEMU takes as it grows",
    {
      memory: { bytes: 128 * 1024 ** 2, maxBytes: 256 * 1024 ** 2, shared: true, preallocated: true },
    },
    "-device",
    "virtio-mem-pci,id=hotmem0,memdev=hotmem,requested-size=0,block-size=2097152,prealloc=on",
  ],
  [
    "a machine of shared memory",
    { memory: { bytes: 128 * 1024 ** 2, shared: true } },
    "-machine",
    "q35,dump-guest-core=off,vmport=off,smm=off,memory-backend=shared-memory",
  ],
  [
    "shared huge pages",
    { memory: { bytes: 128 * 1024 ** 2, hugePageBytes: 2 * 1024 ** 2, shared: true } },
    "-object",
    "memory-backend-memfd,id=huge-memory,size=128M,hugetlb=on,hugetlbsize=2M,prealloc=on,share=on",
  ],
  [
    "shared memory that grows",
    { memory: { bytes: 128 * 1024 ** 2, maxBytes: 256 * 1024 ** 2, shared: true } },
    "-object",
    `memory-backend-memfd,id=hotmem,size=${128 * 1024 ** 2},share=on,reserve=off`,
  ],
  ["local time", { clock: { zone: "Europe/Berlin" } }, "-rtc", "base=localtime"],
  [
    "enlightenments",
    {
      accelerator: "kvm",
      cpu: { ...plain.cpu, hyperv: { "hv-relaxed": true, "hv-spinlocks": 8191 }, kvmClock: false },
    },
    "-cpu",
    "host,kvmclock=off,hv-relaxed=on,hv-spinlocks=8191",
  ],
  ["no enlightenments without KVM", { cpu: { ...plain.cpu, hyperv: { "hv-relaxed": true } } }, "-cpu", "max"],
  ["hidden KVM", { cpu: { ...plain.cpu, kvmHidden: true } }, "-cpu", "max,kvm=off"],
  ["no spinlocks of KVM's without KVM", { cpu: { ...plain.cpu, pvSpinlock: true } }, "-cpu", "max"],
  ["spinlocks", { accelerator: "kvm", cpu: { ...plain.cpu, pvSpinlock: false } }, "-cpu", "host,kvm-pv-unhalt=off"],
];
for (const [what, change, flag, value] of options) {
  test(`what is asked for: ${what}`, () => {
    assert.ok(
      valuesOf({ ...plain, ...change }, flag).includes(value),
      valuesOf({ ...plain, ...change }, flag).join(" "),
    );
  });
}

const arm: Domain = { ...plain, machine: "virt", serialConsole: true, graphics: true };

test("a guest of arm64 has the devices of its board", () => {
  assert.equal(buildCommand(arm)[0], "qemu-system-aarch64");
  assert.deepEqual(valuesOf(arm, "-machine"), ["virt,dump-guest-core=off,gic-version=3"]);
  assert.deepEqual(valuesOf(arm, "-cpu"), ["max,pauth-impdef=on"]);
  assert.deepEqual(valuesOf(arm, "-serial"), ["chardev:serial0"]);
  const devices = valuesOf({ ...arm, tpm: { persistent: false } }, "-device");
  assert.ok(devices.includes("virtio-gpu-pci,id=video0,bus=pcie.0,addr=0x1"), devices.join(" "));
  assert.ok(devices.includes("tpm-tis-device,id=tpm-device,tpmdev=tpm0"));
  assert.equal(devices.filter((each) => each.startsWith("pcie-root-port")).length, 10);
  assert.deepEqual(valuesOf(arm, "-bios"), []);
  const efi = { type: "efi", secureBoot: false } as const;
  assert.deepEqual(valuesOf({ ...arm, firmware: efi }, "-bios"), ["/usr/share/qemu-efi-aarch64/QEMU_EFI.fd"]);
});

test("the serial console is logged unless that is not wanted", () => {
  const serial = (serialLogPath?: string | false) =>
    valuesOf({ ...plain, serialConsole: true, ...(serialLogPath !== undefined && { serialLogPath }) }, "-chardev").find(
      (each) => each.startsWith("socket,id=serial0"),
    );
  assert.match(serial() ?? "", /logfile=\/dev\/stdout,logappend=on$/);
  assert.doesNotMatch(serial(false) ?? "", /log/);
});

test("more SATA drives than ports are refused, with a way out", () => {
  const sataDrives = Array.from({ length: 7 }, (_, index) => ({ name: `d${index}`, device: "disk" as const }));
  assert.throws(() => buildArguments({ ...plain, sataDrives }), /7 SATA drives.*6 ports; use bus virtio or scsi/);
});

const stores: [what: string, firmware: Firmware, store: string, machine: RegExp][] = [
  [
    "Secure Boot",
    { type: "efi", secureBoot: true },
    "OVMF_VARS_4M.ms.fd /run/vmpod/efi-variables.fd",
    /smm=on,pflash0=efi-code,.*OVMF_CODE_4M.ms.fd/,
  ],
  [
    "what is to be kept",
    { type: "efi", secureBoot: false, persistent: true },
    "OVMF_VARS_4M.fd /var/run/vmpod/state/efi-variables.fd",
    /smm=off,pflash0=efi-code,.*OVMF_CODE_4M.fd/,
  ],
];
for (const [what, firmware, store, machine] of stores) {
  test(`EFI has variables of its own for ${what}`, () => {
    const [program, initial, file, ...qemu] = buildCommand({ ...plain, firmware });
    assert.equal(program, "/usr/libexec/vmpod/with-efi-variables");
    assert.equal(`${initial} ${file}`, `/usr/share/OVMF/${store}`);
    assert.match(qemu.join(" "), machine);
  });
}

test("a TPM is started before QEMU, in a place that is kept or not", () => {
  const place = (persistent: boolean) => buildCommand({ ...plain, tpm: { persistent } }).slice(0, 4);
  assert.deepEqual(place(false), [
    "/usr/libexec/vmpod/with-tpm",
    "/run/vmpod/tpm",
    "/run/vmpod/tpm.sock",
    "qemu-system-x86_64",
  ]);
  assert.equal(place(true)[1], "/var/run/vmpod/state/tpm");
  assert.ok(
    valuesOf({ ...plain, tpm: { persistent: false } }, "-device").includes("tpm-crb,id=tpm-device,tpmdev=tpm0"),
  );
});

test("the same domain gives the same command line", () => {
  assert.deepEqual(buildCommand(plain), buildCommand(structuredClone(plain)));
});

test("a value cannot add options: its commas are doubled", () => {
  assert.equal(option("socket", { path: "/a,b", server: true, none: undefined }), "socket,path=/a,,b,server=on");
  fc.assert(
    fc.property(fc.string(), (name) => {
      const [value = ""] = valuesOf({ ...plain, name }, "-name");
      return value.replaceAll(",,", "").split(",").length === 2;
    }),
  );
});

test("node names fit QEMU's limit and stay different", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 63 }), fc.string({ minLength: 1, maxLength: 63 }), (a, b) => {
      assert.ok(driveNode(a).length <= 31);
      assert.equal(driveNode(a) === driveNode(b), a === b);
    }),
  );
});

test("an emulated machine's memory is no multiple of 64 pages, as QEMU needs it to be moved", () => {
  assert.deepEqual(valuesOf({ ...plain, accelerator: "tcg" }, "-m"), [`size=${128 * 1024 + 8}K`]);
  assert.deepEqual(valuesOf({ ...plain, accelerator: "kvm" }, "-m"), ["size=128M"]);
});

test("room to grow: places for sockets, and a device that memory is asked of, last of all", () => {
  const cpu = { ...plain.cpu, sockets: 1, cores: 2, threads: 1, maxSockets: 4 };
  const growing = {
    ...plain,
    accelerator: "kvm" as const,
    cpu,
    memory: { bytes: 128 * 2 ** 20, maxBytes: 513 * 2 ** 20 },
  };
  assert.deepEqual(valuesOf(growing, "-smp"), ["2,sockets=4,cores=2,threads=1,maxcpus=8"]);
  assert.deepEqual(valuesOf(growing, "-m"), ["size=128M,maxmem=524288K"]);
  assert.deepEqual(valuesOf({ ...growing, accelerator: "tcg" }, "-m"), ["size=131080K,maxmem=524296K"]);
  assert.ok(valuesOf(growing, "-object").includes(`memory-backend-ram,id=hotmem,size=${384 * 2 ** 20},reserve=off`));
  assert.equal(
    valuesOf(growing, "-device").at(-1),
    "virtio-mem-pci,id=hotmem0,memdev=hotmem,requested-size=0,block-size=2097152",
  );
});
