/** The guest image on real QEMU, driven as the node agent does it: started stopped, devices over QMP, then let go. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { packageRoot } from "../../images/debian/packages.ts";
import { buildImages } from "../../images/build-images.ts";
import { exec } from "../../src/base/exec.ts";
import { handOver } from "../../src/node/credentials/hand-over.ts";
import {
  applyCapacityAction,
  type Capacity,
  observeCapacity,
  planCapacity,
  socketsOf,
} from "../../src/qemu/capacity/capacity.ts";
import { hotMemoryId } from "../../src/qemu/domain/ids.ts";
import { GuestAgent } from "../../src/qemu/guest-agent/client.ts";
import { bringOnline } from "../../src/qemu/guest-agent/bring-online.ts";
import { guestExec } from "../../src/qemu/guest-agent/exec.ts";
import { guestAgentPresent } from "../../src/qemu/guest-agent/presence.ts";
import { guestInterfaces, guestOsInfo, guestShutdown } from "../../src/qemu/guest-agent/queries.ts";
import { startFirst } from "../../src/node/domain/first-start.ts";
import { someVmi } from "../../src/node/domain/observation.fixture.ts";
import { answerTo, hear } from "../../src/node/downward-metrics/answer.ts";
import { rewriteMetricsDisk } from "../../src/node/downward-metrics/metrics-disk.ts";
import { addHugePages } from "./huge-pages.ts";
import { storageKey } from "./tpm.ts";
import { guestImagePath, rootDisk, seedDisk, startMachine, type TestMachine, waitFor } from "./machine.ts";
import { ephemeralDisk, metricsDisk, sysprepDisk } from "./volumes.ts";
import { QmpError } from "../../src/qemu/qmp/errors.ts";

const userData = `#cloud-config
hostname: legacy
ssh_pwauth: true
users:
  - name: alice
    plain_text_passwd: secret
    lock_passwd: false
    sudo: ALL=(ALL) NOPASSWD:ALL
    ssh_authorized_keys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ a@b]
write_files:
  - path: /www/index.html
    owner: alice:alice
    permissions: "0640"
    defer: true
    content: |
      hello from legacy
  - path: /opt/binary
    encoding: b64
    content: AAEC/w==
bootcmd:
  - echo booted > /run/bootcmd
runcmd:
  - [httpd, -p, "80", -h, /www]
  - test -s /run/bootcmd && echo "it's done" > /run/runcmd
`;
const mebibyte = 1024 ** 2;
const metaData = "instance-id: i-1\nlocal-hostname: other\n";

const tpm = { persistent: true };
const stateDirectory = await mkdtemp(join(tmpdir(), "vmpod-state-"));
const storageKeys: string[] = [];
after(() => rm(stateDirectory, { recursive: true }));

/** QEMU puts its checksum right. */
function acpiTable(signature: string, content: string): Buffer {
  const header = Buffer.alloc(36);
  header.write(signature, 0, "latin1");
  header.writeUInt32LE(header.length + content.length, 4);
  header.write("VMPOD TEST    VMPD", 10, "latin1");
  return Buffer.concat([header, Buffer.from(content)]);
}

async function inGuest(machine: TestMachine, command: string): Promise<string> {
  const agent = new GuestAgent(join(machine.directory, "qga.sock"));
  const { stdout, stderr, exitCode } = await guestExec(agent, ["/bin/sh", "-c", command]);
  assert.equal(exitCode, 0, `${command}: ${stderr.toString()}`);
  return stdout.toString().trim();
}

/** What a server says first, at a port of this machine or at a socket. */
function banner(place: number | string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = typeof place === "string" ? connect(place) : connect(place, "127.0.0.1");
    socket.once("data", (data: Buffer) => {
      socket.destroy();
      resolve(data.toString("latin1"));
    });
    socket.once("error", reject);
    socket.setTimeout(60_000, () => socket.destroy(new Error("no banner within 60 s")));
  });
}

test("virtio: cloud-init applied, agent, ssh and http answer, the power button ends it", async (t) => {
  await using machine = await startMachine({
    graphics: true,
    video: "virtio",
    balloon: true,
    tpm,
    stateDirectory,
    cpu: { sockets: 2, cores: 1, threads: 1, maxSockets: 3 },
    memory: { bytes: 128 * mebibyte, maxBytes: 384 * mebibyte },
    ioThreads: 2,
    panicDevices: ["isa", "pvpanic"],
    sound: "ich9",
    usbRedirection: true,
  });
  const [sshPort = 0, httpPort = 0] = await machine.attachUserNetwork([22, 80]);
  const root = { ...(await rootDisk(machine, "virtio")), ioThread: 1, queues: 2 };
  const seed = await seedDisk(
    machine,
    { "user-data": userData, "meta-data": metaData },
    { bus: "virtio", device: "disk" },
  );
  await machine.attach([
    { ...root, port: "port3" },
    { ...seed, transitional: true, blockSize: { logical: 512, physical: 4096 } },
  ]);
  await machine.start();
  await waitFor("the guest agent", 240_000, () => guestAgentPresent(machine.qmp));
  await machine.waitForSerial("vmpod guest ready: legacy 10.0.2.15");
  t.diagnostic(`ready after ${await machine.cpuSeconds()} CPU seconds`);

  assert.equal(await (await fetch(`http://127.0.0.1:${httpPort}/`)).text(), "hello from legacy\n");
  assert.match(await banner(sshPort), /^SSH-2\.0-dropbear/);
  const agent = new GuestAgent(join(machine.directory, "qga.sock"));
  assert.match((await guestOsInfo(agent)).kernelRelease ?? "", /cloud-amd64/);
  assert.ok(
    (await guestInterfaces(agent)).some(({ addresses }) => addresses.some(({ address }) => address === "10.0.2.15")),
  );

  assert.equal(await inGuest(machine, "hostname"), "legacy");
  assert.equal(await inGuest(machine, "stat -c '%U %a' /www/index.html"), "alice 640");
  assert.equal(await inGuest(machine, "od -An -tx1 /opt/binary | tr -d ' '"), "000102ff");
  assert.equal(await inGuest(machine, "cat /run/runcmd"), "it's done");
  assert.match(await inGuest(machine, "grep ^alice: /etc/shadow"), /^alice:\$6\$/);
  assert.match(await inGuest(machine, "cat /home/alice/.ssh/authorized_keys"), /^ssh-ed25519 .* a@b$/);
  assert.equal(await inGuest(machine, "su alice -c 'sudo id -u' 2>/dev/null"), "0");
  assert.equal(await inGuest(machine, "cloud-init status --wait"), "status: done");
  assert.equal(await inGuest(machine, "ls /sys/block/vda/mq | wc -l"), "2");
  const path = "/machine/peripheral/disk-root/virtio-backend";
  assert.equal(await machine.qmp.execute("qom-get", { path, property: "iothread" }), "/objects/io1");
  assert.equal(await inGuest(machine, "cat /sys/bus/pci/devices/0000:00:01.0/class"), "0x030000");
  assert.equal(await inGuest(machine, "cat /sys/bus/pci/devices/0000:00:01.0/vendor"), "0x1af4");
  storageKeys.push(await inGuest(machine, storageKey));
  await machine.waitForSerial("legacy login:");
  await grow(machine, { sockets: 3, hotMemoryBytes: 128 * mebibyte });

  // What the firmware and the kernel make of where things are plugged: root port 3 is bus 4, behind that of the seed.
  assert.match(await inGuest(machine, "readlink -f /sys/block/vdb"), /\/0000:04:00\.0\/virtio/);
  assert.equal(await inGuest(machine, "cat /sys/class/net/eth0/device/../acpi_index"), "7");
  assert.equal(await inGuest(machine, "cat /sys/block/vda/queue/physical_block_size"), "4096");
  assert.equal(await inGuest(machine, "cat /sys/block/vda/device/../device"), "0x1001");
  const classes = await inGuest(machine, "cat /sys/bus/pci/devices/*/class");
  assert.match(classes, /0x040300/, "a sound card");
  // usbredir's first packet: its type, length and id, then who speaks.
  assert.match(await banner(join(machine.directory, "usbredir3.sock")), /^\0{4}.*usb-redir/s);
  const keys = { alice: ["ssh-ed25519 AAAA jane", "ssh-ed25519 BBBB joe"] };
  await handOver(agent, { keys, passwords: { root: "sesame" } });
  const authorized = "/home/alice/.ssh/authorized_keys";
  assert.equal(
    await inGuest(machine, `cat ${authorized}; echo; stat -c '%U %a' ${authorized}`),
    `${keys.alice.join("\n")}\nalice 600`,
  );
  assert.match(await inGuest(machine, "grep ^root: /etc/shadow"), /^root:\$6\$/);
  await assert.rejects(handOver(agent, { keys: {}, passwords: { mallory: "x" } }), QmpError);

  await machine.qmp.execute("system_powerdown");
  assert.equal(await machine.waitForExit(120_000), 0);
});

/** Of a guest that has nearly filled what QEMU keeps of translated code, as one with one processor does by booting. */
async function plugSocket(machine: TestMachine): Promise<void> {
  const agent = new GuestAgent(join(machine.directory, "qga.sock"));
  const observe = () => observeCapacity(machine.qmp, new Map());
  for (const action of planCapacity({ sockets: 2, hotMemoryBytes: 0 }, await observe()))
    await applyCapacityAction(machine.qmp, action, () => guestInterfaces(agent));
  await bringOnline(agent, { processors: 2, hotMemory: undefined });
  assert.equal(await inGuest(machine, "nproc"), "2");
}

/** While it runs: a processor that the guest uses, and memory that it has. */
async function grow(machine: TestMachine, wanted: Capacity): Promise<void> {
  const online = "cat /sys/devices/system/cpu/online";
  const memoryKibibytes = async () => Number(await inGuest(machine, "awk '/^MemTotal/ {print $2}' /proc/meminfo"));
  assert.equal(await inGuest(machine, online), "0-1");
  const before = await memoryKibibytes();
  const observe = () => observeCapacity(machine.qmp, new Map([[hotMemoryId, "virtio-mem-pci"]]));
  for (const action of planCapacity(wanted, await observe())) await applyCapacityAction(machine.qmp, action);
  await waitFor("the memory", 60_000, async () => (await observe()).hotMemory?.pluggedBytes === wanted.hotMemoryBytes);
  const { hotMemory } = await observe();
  await bringOnline(new GuestAgent(join(machine.directory, "qga.sock")), { processors: wanted.sockets, hotMemory });
  assert.equal(await inGuest(machine, online), "0-2");
  assert.equal(socketsOf(await observe()), wanted.sockets);
  assert.ok((await memoryKibibytes()) > before + 100 * 1024, `${before} KiB before`);
  assert.deepEqual(planCapacity(wanted, await observe()), []);
}

test("a SATA disk boots; ConfigDrive and a static network are applied; the agent shuts down", async () => {
  await using _pages = await addHugePages(64);
  await writeFile(join(stateDirectory, "msdm.bin"), acpiTable("MSDM", "a key"));
  await using machine = await startMachine({
    memory: { bytes: 128 * 1024 ** 2, hugePageBytes: 2 * 1024 ** 2 },
    acpiTables: { MSDM: join(stateDirectory, "msdm.bin") },
    sataDrives: [
      { name: "root", device: "disk", bootIndex: 1, cache: "writethrough", errorPolicy: "enospc" },
      { name: "tools", device: "cdrom" },
      { name: "closed", device: "cdrom" },
    ],
    machineVersion: "pc-q35-7.1",
    chassis: { manufacturer: "legacy works", asset: "inventory 7" },
    clock: { hpet: false, track: "guest", ticks: "catchup", zone: "VMT-01:00:00" },
    tpm,
    stateDirectory,
  });
  const [httpPort = 0] = await machine.attachUserNetwork([80]);
  const files = {
    "openstack/latest/user_data": "#!/bin/sh\necho from a script > /www/index.html\nhttpd -p 80 -h /www\n",
    "openstack/latest/meta_data.json": '{"instance_id": "i-2", "hostname": "drive.example.org"}',
    "openstack/latest/network_data.json":
      "version: 2\nethernets:\n  eth0:\n    addresses: [10.0.2.77/24, 10.0.2.15/24]\n    gateway4: 10.0.2.2\n    nameservers: {addresses: [10.0.2.3]}\n",
  };
  await machine.attach([
    await rootDisk(machine, "sata"),
    await seedDisk(machine, files, { bus: "scsi", device: "cdrom" }, "config-2"),
  ]);
  const tools = { name: "tools", cdrom: { bus: "sata", tray: "open" } };
  const devices = { disks: [tools, { name: "closed", cdrom: { bus: "sata" } }] };
  await startFirst(machine.qmp, someVmi({ spec: { domain: { devices } } }));
  await machine.waitForSerial("vmpod guest ready: drive 10.0.2.77");
  assert.equal(await (await fetch(`http://127.0.0.1:${httpPort}/`)).text(), "from a script\n");
  assert.equal(await inGuest(machine, "hostname -f"), "drive.example.org");
  assert.equal(await inGuest(machine, "ip route | grep -c '^default via 10.0.2.2'"), "1");
  const dmi = "cd /sys/class/dmi/id && cat product_version chassis_vendor chassis_asset_tag";
  assert.equal(await inGuest(machine, dmi), "pc-q35-7.1\nlegacy works\ninventory 7");
  assert.equal(await inGuest(machine, "tail -c 5 /sys/firmware/acpi/tables/MSDM"), "a key");
  assert.match(await readFile(`/proc/${machine.process.pid}/smaps`, "utf8"), /KernelPageSize: +2048 kB/);
  const aheadSeconds = Number(await inGuest(machine, "date +%s")) - Date.now() / 1000;
  assert.ok(aheadSeconds > 3000 && aheadSeconds < 4000, `its clock is ${aheadSeconds} seconds ahead`);
  const clocks = "cat /sys/devices/system/clocksource/clocksource0/available_clocksource";
  assert.doesNotMatch(await inGuest(machine, clocks), /hpet/);
  assert.equal(await inGuest(machine, "cat /sys/block/*/queue/write_cache"), "write through");
  const drives = await machine.qmp.execute("query-block");
  const trays = drives.filter(({ removable }) => removable).map(({ qdev, tray_open }) => [qdev, tray_open]);
  for (const each of [
    ["disk-tools", true],
    ["disk-closed", false],
  ])
    assert.ok(
      trays.some((tray) => isDeepStrictEqual(tray, each)),
      JSON.stringify(trays),
    );
  storageKeys.push(await inGuest(machine, storageKey));
  await guestShutdown(new GuestAgent(join(machine.directory, "qga.sock")), "powerdown");
  assert.equal(await machine.waitForExit(120_000), 0);
});

test("a kernel from the image boots; its guest sees volumes and is told of its node; its panic is seen", async (t) => {
  const image = await mkdtemp(join(tmpdir(), "vmpod-kernel-"));
  t.after(() => rm(image, { recursive: true }));
  await guestImagePath(image);
  const text = "console=ttyS0,115200 no_timer_check cryptomgr.notests noisapnp quiet fromkernel";
  const kernel = { path: join(image, "boot/vmlinuz"), initrdPath: join(image, "boot/initrd"), arguments: text };
  const cpu = { sockets: 1, cores: 1, threads: 1, maxSockets: 4 };
  await using machine = await startMachine({ kernel, cpu, panicDevices: ["isa"], metricsPort: true });
  const { base, ...ephemeral } = await ephemeralDisk(image, "hello\n");
  const metrics = await metricsDisk(image);
  await machine.attach([ephemeral, await sysprepDisk(image, { "Autounattend.xml": "<unattend/>" }), metrics]);
  await machine.start();
  await machine.waitForSerial("vmpod guest ready");
  t.diagnostic(`ready after ${await machine.cpuSeconds()} CPU seconds`);
  assert.match(await inGuest(machine, "cat /proc/cmdline"), /fromkernel/);

  const rewritten = "head -n 1 /dev/vda; echo other > /dev/vda && sync && head -n 1 /dev/vda";
  assert.equal(await inGuest(machine, rewritten), "hello\nother");
  assert.match(await readFile(base, "utf8"), /^hello\n/, "the claim stays as it is");
  const answers = "mkdir /tmp/m && mount -t iso9660 /dev/vdb /tmp/m && cat /tmp/m/Autounattend.xml";
  assert.equal(await inGuest(machine, `${answers}; head -c 32819 /dev/vdb | tail -c 11`), "<unattend/>unattendCfg");
  assert.match(await inGuest(machine, "head -c 500 /dev/vdc | tr -d '\\0'"), /^mvbd.*<metrics>/s);
  await rewriteMetricsDisk(metrics.image.path, "<metrics>anew</metrics>");
  assert.match(await inGuest(machine, "blockdev --flushbufs /dev/vdc; head -c 100 /dev/vdc | tr -d '\\0'"), />anew</);

  const port = connect(join(machine.directory, "metrics.sock"));
  t.after(() => port.destroy());
  port.on("data", (bytes: Buffer) => {
    for (const request of hear("", bytes.toString()).requests) port.write(answerTo(request, "<metrics>\n</metrics>\n"));
  });
  const device = "/dev/$(basename $(dirname $(grep -l org.github.vhostmd.1 /sys/class/virtio-ports/*/name)))";
  const ask = `exec 3<>${device}; printf 'GET /metrics/XML\\n\\n' >&3; head -n 2 <&3`;
  assert.equal(await inGuest(machine, ask), "<metrics>\n</metrics>");

  await plugSocket(machine);
  await inGuest(machine, "(sleep 1; echo c > /proc/sysrq-trigger) > /dev/null 2>&1 &");
  await waitFor(
    "the panic",
    60_000,
    async () => (await machine.qmp.execute("query-status")).status === "guest-panicked",
  );
});

test("what a TPM keeps outlives its machine: both have derived the same key from it", () => {
  assert.equal(storageKeys.length, 2);
  assert.match(storageKeys[0] ?? "", /^[\da-f]{180}$/);
  assert.equal(storageKeys[0], storageKeys[1]);
});

test("the preStop hook ends a machine that never started at once, and finds none left", async () => {
  await using machine = await startMachine();
  await runHook(machine);
  assert.equal(await machine.waitForExit(60_000), 0);
  await runHook(machine);
});

test("the preStop hook lets a running guest shut down", async () => {
  await using machine = await startMachine();
  await machine.attach([await rootDisk(machine, "virtio")]);
  await machine.start();
  // Its agent answers while it is still coming up: it does not wait for the rest.
  await waitFor("the guest agent", 240_000, () => guestAgentPresent(machine.qmp));
  await runHook(machine);
  assert.equal(await machine.waitForExit(60_000), 0);
});

/** The script of the launcher image, with the programs that image has. */
async function runHook(machine: TestMachine): Promise<void> {
  const cacheDir = join(homedir(), ".cache/vmpod");
  await buildImages({ cacheDir, only: ["launcher"] });
  const script = join(import.meta.dirname, "../../images/launcher/stop-guest.sh");
  const nc = `${packageRoot(cacheDir, "netcat-openbsd")}/bin/nc.openbsd`;
  const busybox = `${packageRoot(cacheDir, "busybox")}/bin/busybox`;
  const command = `mkdir "$1/bin" 2>/dev/null; ln -sf "$2" "$1/bin/nc"; PATH="$1/bin:$PATH" exec "$3" sh "$4" "$1/stop.sock"`;
  await exec(["sh", "-c", command, "sh", machine.directory, nc, busybox, script], { timeoutMs: 180_000 });
}
