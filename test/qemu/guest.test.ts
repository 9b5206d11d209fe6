/** The guest image on real QEMU, driven as the node agent does it: started stopped, devices over QMP, then let go. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { packageRoot } from "../../images/debian/packages.ts";
import { buildImages } from "../../images/build-images.ts";
import { exec } from "../../src/base/exec.ts";
import { GuestAgent } from "../../src/qemu/guest-agent/client.ts";
import { guestExec } from "../../src/qemu/guest-agent/exec.ts";
import { guestAgentPresent } from "../../src/qemu/guest-agent/presence.ts";
import { guestInterfaces, guestOsInfo, guestShutdown } from "../../src/qemu/guest-agent/queries.ts";
import { addHugePages } from "./huge-pages.ts";
import { storageKey } from "./tpm.ts";
import { rootDisk, seedDisk, startMachine, type TestMachine, waitFor } from "./machine.ts";

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

/** What a server says first. */
function banner(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("data", (data: Buffer) => {
      socket.destroy();
      resolve(data.toString());
    });
    socket.once("error", reject);
    socket.setTimeout(20_000, () => socket.destroy(new Error("no banner within 20 s")));
  });
}

test("virtio: cloud-init applied, agent, ssh and http answer, the power button ends it", async (t) => {
  await using machine = await startMachine({
    graphics: true,
    video: "virtio",
    balloon: true,
    tpm,
    stateDirectory,
    cpu: { sockets: 2, cores: 1, threads: 1 },
    ioThreads: 2,
  });
  const [sshPort = 0, httpPort = 0] = await machine.attachUserNetwork([22, 80]);
  const root = { ...(await rootDisk(machine, "virtio")), ioThread: 1, queues: 2 };
  await machine.attach([
    root,
    await seedDisk(machine, { "user-data": userData, "meta-data": metaData }, { bus: "virtio", device: "disk" }),
  ]);
  await machine.start();
  await waitFor("the guest agent", 120_000, () => guestAgentPresent(machine.qmp));
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
  assert.match(await machine.serialLog(), /legacy login:/);

  await machine.qmp.execute("system_powerdown");
  assert.equal(await machine.waitForExit(60_000), 0);
});

test("a SATA disk boots; ConfigDrive and a static network are applied; the agent shuts down", async () => {
  await using _pages = await addHugePages(64);
  await writeFile(join(stateDirectory, "msdm.bin"), acpiTable("MSDM", "a key"));
  await using machine = await startMachine({
    memory: { bytes: 128 * 1024 ** 2, hugePageBytes: 2 * 1024 ** 2 },
    acpiTables: { MSDM: join(stateDirectory, "msdm.bin") },
    sataDrives: [{ name: "root", device: "disk", bootIndex: 1, cache: "writethrough", errorPolicy: "enospc" }],
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
  await machine.start();
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
  storageKeys.push(await inGuest(machine, storageKey));
  await guestShutdown(new GuestAgent(join(machine.directory, "qga.sock")), "powerdown");
  assert.equal(await machine.waitForExit(60_000), 0);
});

test("what a TPM keeps outlives its machine: both have derived the same key from it", () => {
  assert.equal(storageKeys.length, 2);
  assert.match(storageKeys[0] ?? "", /^[\da-f]{180}$/);
  assert.equal(storageKeys[0], storageKeys[1]);
});

test("the preStop hook ends a machine that never started at once, and finds none left", async () => {
  await using machine = await startMachine();
  await runHook(machine);
  assert.equal(await machine.waitForExit(5000), 0);
  await runHook(machine);
});

test("the preStop hook lets a running guest shut down", async () => {
  await using machine = await startMachine();
  await machine.attach([await rootDisk(machine, "virtio")]);
  await machine.start();
  await machine.waitForSerial("vmpod guest ready");
  await runHook(machine);
  assert.equal(await machine.waitForExit(10_000), 0);
});

/** The script of the launcher image, with the programs that image has. */
async function runHook(machine: TestMachine): Promise<void> {
  const cacheDir = join(homedir(), ".cache/vmpod");
  await buildImages({ cacheDir, only: ["launcher"] });
  const script = join(import.meta.dirname, "../../images/launcher/stop-guest.sh");
  const nc = `${packageRoot(cacheDir, "netcat-openbsd")}/bin/nc.openbsd`;
  const busybox = `${packageRoot(cacheDir, "busybox")}/bin/busybox`;
  const command = `mkdir "$1/bin" 2>/dev/null; ln -sf "$2" "$1/bin/nc"; PATH="$1/bin:$PATH" exec "$3" sh "$4" "$1/stop.sock"`;
  await exec(["sh", "-c", command, "sh", machine.directory, nc, busybox, script], { timeoutMs: 60_000 });
}
