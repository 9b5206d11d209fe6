/** What a manifest says of a machine is what its guest finds; and what a guest, its watchdog or its owner may do to it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { text as readText } from "node:stream/consumers";
import { before, test } from "node:test";
import { isPasst } from "../../src/network/passt-argv.ts";
import { killAgent } from "../node-agent/guests.ts";
import { connects } from "./connects.ts";
import { importImage } from "./import-image.ts";
import { fetchText } from "./fetch-text.ts";
import { eventually, succeed } from "./instance.ts";
import { guestImage, machine, type MachineOptions, smallestMemory } from "./machines.ts";
import { podProcesses, qemusOf, readProc } from "./processes.ts";
import { useInstance } from "./use-instance.ts";

const instance = useInstance("vmtsees", 3);
const { apply, fieldOf, kubectl, tryKubectl, vmpod } = instance;
const bootMs = 180_000;
const stopMs = 60_000;
/** The kubelet looks after ConfigMaps every half minute. */
const refreshMs = 120_000;

const publish = [
  "nproc >/www/processors",
  "cp /proc/cpuinfo /sys/class/dmi/id/product_serial /sys/class/dmi/id/chassis_asset_tag /proc/sys/kernel/random/boot_id /www",
  "cp /proc/bus/input/devices /www/inputs",
  "cp /sys/class/misc/hw_random/rng_available /www",
  "hostname -f >/www/hostname",
  "cp /sys/firmware/qemu_fw_cfg/by_name/opt/com.coreos/config/raw /www/ignition",
  "grep -a -o -h 'from a [A-Z][A-Za-z]*' /dev/vdc /dev/vdd >/www/media",
  "echo from the guest | dd of=/dev/vde conv=fsync",
  "mkdir /run/answers; mount -t iso9660 /dev/sr0 /run/answers; cp /run/answers/* /www",
  "head -c 32819 /dev/sr0 | tail -c 11 >/www/label",
  "for class in $(grep -l 0x060400 /sys/bus/pci/devices/*/class); do ls -d ${class%/class}/0000:*.0 || echo spare; done >/www/ports",
];
/** Of ACPI's fixed description: the port by which a system asks the firmware's SMM for ACPI; 0 where there is no SMM. */
const publishSmm = "od -An -tu1 -j 48 -N 1 /sys/firmware/acpi/tables/FACP >/www/smm";
const ignition = '{"ignition": {"version": "3.4.0"}, "passwd": {}}';
/** udhcpc tells its script what it was told. */
const askDhcp = [
  `printf '#!/bin/sh\\n[ $1 = bound ] && env >/www/dhcp; true\\n' >/run/tell; chmod 755 /run/tell`,
  "udhcpc -f -q -n -i eth0 -O tftp -O bootfile -O ntpsrv -s /run/tell",
];

/** The guest runs the command when someone connects to this port. */
const orderPort = 9;
const onOrder = (command: string): string => `(nc -l -p ${orderPort} </dev/null; ${command}) >/dev/null 2>&1 &`;

/** Debian's cloud kernel has no driver for the i6300ESB: both of its stages are set to a quarter of a second, and it is let go. */
const startWatchdog = [
  "d=$(grep -l 0x25ab /sys/bus/pci/devices/*/device); d=${d%/device}; echo 1 >$d/enable",
  "bar=$(cut -d' ' -f1 $d/resource | head -n 1)",
  "for timer in 0 4; do for word in 0x80 0x86; do devmem $((bar + 12)) 16 $word; done; devmem $((bar + timer)) 32 0xff; done",
  "printf '\\002' | dd of=$d/config bs=1 seek=$((0x68)) conv=notrunc",
].join("; ");

/** The guest speaks first to who connects, as servers of mail do. */
const greetingPort = 25;
const greet = `(while :; do nc -l -p ${greetingPort} -e echo hello; done) >/dev/null 2>&1 &`;
const passtMac = "02:00:00:70:a5:57";
const passtPorts = [80, orderPort, greetingPort].map((port) => ({ port }));

interface Extra {
  annotations?: object;
  domain?: object;
  devices?: object;
  spec?: object;
  /** A volume that the guest finds in a drive. */
  cdrom?: { name: string; [source: string]: unknown };
}

interface Made {
  spec: { template: { metadata: object; spec: { volumes: object[]; domain: { devices: { disks: object[] } } } } };
}

/** A machine whose template says more than `machine` can. */
function machineWith(options: MachineOptions, extra: Extra): object {
  const made = machine(options) as Made;
  const { metadata, spec } = made.spec.template;
  Object.assign(metadata, { annotations: extra.annotations });
  Object.assign(spec, extra.spec);
  Object.assign(spec.domain, extra.domain);
  Object.assign(spec.domain.devices, extra.devices);
  if (extra.cdrom) {
    spec.volumes.push(extra.cdrom);
    spec.domain.devices.disks.push({ name: extra.cdrom.name, cdrom: { bus: "scsi" } });
  }
  return made;
}

const settings = { metadata: { name: "settings" }, apiVersion: "v1" };
const hostDiskPath = join(instance.dataDir, "host-disks/data.img");
const media = [
  { name: "map", configMap: { name: "settings" } },
  { name: "key", secret: { secretName: "settings" } },
  { name: "host", hostDisk: { path: hostDiskPath, type: "DiskOrCreate", capacity: "1Mi" } },
];
const directories = [
  { name: "common", persistentVolumeClaim: { claimName: "common" } },
  { name: "tuning", configMap: { name: "tuning" } },
];
const mountDirectories = [
  "for tag in common tuning; do mkdir -p /www/$tag; mount -t virtiofs $tag /www/$tag; done",
  "echo from the guest >/www/common/guest",
  "echo no >/www/tuning/level || echo refused >/www/common/refused",
];
const common = {
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: { name: "common" },
  spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Mi" } } },
};
const tuning = (level: string) => ({
  ...settings,
  kind: "ConfigMap",
  metadata: { name: "tuning" },
  data: { level },
});
/** A container that has the same claim. */
const sharer = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "sharer" },
  spec: {
    restartPolicy: "Never",
    containers: [
      {
        name: "sharer",
        image: "localhost/vmpod/busybox:latest",
        imagePullPolicy: "IfNotPresent",
        command: [
          "sh",
          "-c",
          "until cat /common/guest; do sleep 1; done 2>/dev/null; echo from a container >/common/container",
        ],
        volumeMounts: [{ name: "common", mountPath: "/common" }],
      },
    ],
    volumes: [directories[0]],
  },
};
/** Labels that vmpod's agent puts on its node. */
const processorLabels = { "cpu-model.node.kubevirt.io/Nehalem": "true", "cpu-feature.node.kubevirt.io/sse4.2": "true" };
const preset = {
  apiVersion: "kubevirt.io/v1",
  kind: "VirtualMachineInstancePreset",
  metadata: { name: "two-cores" },
  spec: { selector: { matchLabels: { machine: "leaves" } }, domain: { cpu: { cores: 2 }, devices: {} } },
};

const rich = machineWith(
  { name: "rich", runcmd: [...publish, publishSmm, ...askDhcp, ...mountDirectories], volumes: media, directories },
  {
    cdrom: { name: "answers", sysprep: { configMap: { name: "answers" } } },
    annotations: { "kubevirt.io/ignitiondata": ignition },
    domain: {
      cpu: {
        sockets: 2,
        cores: 1,
        threads: 1,
        model: "Nehalem",
        features: [{ name: "popcnt", policy: "disable" }],
      },
      firmware: { serial: "serial-7" },
      chassis: { asset: "inventory-7" },
      features: { smm: {} },
    },
    devices: {
      rng: {},
      inputs: [{ name: "pointer", type: "tablet", bus: "virtio" }],
      interfaces: [
        {
          name: "default",
          masquerade: {},
          dhcpOptions: { bootFileName: "boot.ipxe", tftpServerName: "tftp.example.org", ntpServers: ["192.0.2.7"] },
        },
      ],
    },
    spec: { hostname: "rich-host", nodeSelector: { "kubernetes.io/os": "linux", ...processorLabels } },
  },
);

before(async () => {
  await permitHostDisks(rich);
  apply(
    preset,
    { ...settings, kind: "ConfigMap", metadata: { name: "answers" }, data: { "autounattend.xml": "<unattend/>" } },
    { ...settings, kind: "ConfigMap", data: { "a.txt": "from a ConfigMap" } },
    { ...settings, kind: "Secret", stringData: { "b.txt": "from a Secret" } },
    common,
    tuning("low"),
    rich,
    machineWith(
      {
        name: "leaves",
        runStrategy: "Once",
        memory: smallestMemory,
        runcmd: ["nproc >/www/processors", publishSmm, onOrder("reboot")],
      },
      { domain: { rebootPolicy: "Terminate" } },
    ),
    machineWith(
      {
        name: "guarded",
        runStrategy: "Once",
        memory: smallestMemory,
        runcmd: ["ip -o address show eth0 >/www/addresses", onOrder(startWatchdog), greet],
      },
      {
        devices: {
          watchdog: { name: "dog", i6300esb: { action: "poweroff" } },
          interfaces: [{ name: "default", passtBinding: {}, macAddress: passtMac, ports: passtPorts }],
        },
      },
    ),
  );
});

test("processors, model and features, SMBIOS, inputs, randomness, DHCP options, Ignition, files of a ConfigMap and a Secret", async () => {
  const page = (path: string) => pageOf("rich", path);
  assert.equal(await page("processors"), "2");
  const cpuinfo = await page("cpuinfo");
  assert.match(cpuinfo, /^model name\s+: Intel Core i7 9xx/m);
  assert.match(cpuinfo, /^flags\s+:.* sse4_2 /m);
  assert.doesNotMatch(cpuinfo, /^flags\s+:.* popcnt /m);
  assert.equal(await page("product_serial"), "serial-7");
  assert.equal(await page("chassis_asset_tag"), "inventory-7");
  assert.match(await page("inputs"), /QEMU Virtio Tablet/);
  assert.match(await page("rng_available"), /virtio_rng/);
  assert.match(await page("hostname"), /^rich/);
  assert.equal(await page("ignition"), ignition);
  assert.equal(await page("media"), "from a ConfigMap\nfrom a Secret");
  const told = (await page("dhcp")).split("\n");
  for (const line of ["bootfile=boot.ipxe", "tftp=tftp.example.org", "ntpsrv=192.0.2.7"]) {
    assert.ok(told.includes(line), `${line} is not among\n${told.join("\n")}`);
  }
});

test("Windows' answers are in a drive, under the label that its setup looks for", async () => {
  assert.equal(await pageOf("rich", "autounattend.xml"), "<unattend/>");
  assert.equal(await pageOf("rich", "label"), "unattendCfg");
});

test("what a guest writes to a host disk is in the node's file", async () => {
  await pageOf("rich", "ports");
  assert.match(readFileSync(hostDiskPath, "latin1"), /^from the guest\n/);
});

test("a guest has a PCIe port for each of its disks and its interface, and four to spare", async () => {
  const ports = (await pageOf("rich", "ports")).split("\n");
  assert.equal(ports.filter((port) => port !== "spare").length, 9, ports.join("\n"));
  assert.equal(ports.filter((port) => port === "spare").length, 4, ports.join("\n"));
});

test("a guest mounts a claim, which a container writes to as well, and a ConfigMap, which is updated", async () => {
  assert.equal(await pageOf("rich", "tuning/level"), "low");
  apply(tuning("high"), sharer);
  await becomes("pod/sharer", ".status.phase", "Succeeded");
  assert.equal(kubectl("logs", "sharer"), "from the guest\n");
  assert.equal(await pageOf("rich", "common/container"), "from a container");
  assert.equal(await pageOf("rich", "common/refused"), "refused");
  await eventually("the guest sees the new level", refreshMs, async () =>
    (await tryPage("rich", "tuning/level")) === "high" ? true : undefined,
  );
  const condition = fieldOf("vmi/rich", '.status.conditions[?(@.type=="LiveMigratable")].reason');
  assert.equal(condition, "VirtIOFSNotLiveMigratable");
});

test("System Management Mode is there for the machine that asks for it", async () => {
  assert.notEqual(Number(await pageOf("rich", "smm")), 0);
  assert.equal(Number(await pageOf("leaves", "smm")), 0);
});

test("a machine boots on a node that has the model and the feature that it selects", async () => {
  assert.match(await pageOf("rich", "cpuinfo"), /^flags\s+:.* sse4_2 /m);
  const labels = JSON.parse(fieldOf("node", ".items[0].metadata.labels")) as Record<string, string>;
  for (const label of Object.keys(processorLabels)) assert.equal(labels[label], "true");
});

test("a guest has what a preset gives it", async () => {
  assert.equal(await pageOf("leaves", "processors"), "2");
});

const sizedSeed = `#cloud-config\nruncmd: ${JSON.stringify(["nproc >/www/processors", "cp /proc/meminfo /www", "httpd -p 80 -h /www"])}\n`;

test("a machine of two lines is as large as its instance type says", async () => {
  const { stdout } = vmpod(
    "create",
    "vm",
    "--name",
    "sized",
    "--instancetype",
    "u1.nano",
    "--preference",
    "debian",
    "--volume-containerdisk",
    `src:${guestImage}`,
    "--cloud-init-user-data",
    Buffer.from(sizedSeed).toString("base64"),
  );
  succeed(tryKubectl(["create", "-f", "-"], stdout), "kubectl create");
  assert.equal(await pageOf("sized", "processors"), "1");
  const kibibytes = Number(/MemTotal:\s+(\d+)/.exec(await pageOf("sized", "meminfo"))?.[1]);
  assert.ok(kibibytes > 400 * 1024 && kibibytes < 512 * 1024, `${kibibytes} KiB`);
});

test("a reset starts the guest anew in the same instance", async () => {
  const [uid, boot] = [fieldOf("vmi/rich", ".metadata.uid"), await pageOf("rich", "boot_id")];
  succeed(vmpod("reset", "rich"), "vmpod reset");
  const next = await eventually("another boot", bootMs, async () => {
    assert.notEqual(fieldOf("vmi/rich", ".status.phase"), "Failed", vmpod("explain", "rich").stdout);
    const now = await tryPage("rich", "boot_id");
    return now !== undefined && now !== boot ? now : undefined;
  });
  assert.notEqual(next, boot);
  assert.equal(fieldOf("vmi/rich", ".metadata.uid"), uid);
  assert.equal(await pageOf("rich", "tuning/level"), "high", "its file systems are served as before");
});

test("a file system whose server is killed is told, with what to do", async () => {
  const socket = "--socket-path=/var/run/vmpod/filesystems/tuning/virtiofs.sock";
  const servers = podProcesses(instance.name).filter(({ argv }) => argv.includes(socket));
  assert.equal(servers.length, 1);
  for (const { pid } of servers) {
    const status = readProc(pid, "status");
    for (const line of [/^Uid:\t107\t/m, /^CapEff:\t0+$/m, /^CapBnd:\t0+$/m, /^NoNewPrivs:\t1$/m, /^Seccomp:\t2$/m])
      assert.match(status, line);
    process.kill(pid, "SIGKILL");
  }
  await becomes("vmi/rich", '.status.conditions[?(@.type=="Synchronized")].reason', "FilesystemLost");
  await becomes("vmi/rich", '.status.conditions[?(@.type=="Ready")].status', "False");
  const explain = () => vmpod("explain", "rich").stdout;
  const loss = /has lost a file system \(filesystem tuning: .*vmpod restart rich/;
  await eventually("explain tells", stopMs, () => loss.test(explain()) || undefined, explain);
  assert.equal(await pageOf("rich", "common/container"), "from a container");
});

test("with rebootPolicy Terminate a guest that reboots is at its end", async () => {
  await order("leaves");
  await becomes("vmi/leaves", ".status.phase", "Succeeded");
});

test("with passt a guest has its pod's address, and is reached on the ports that it names; passt that dies is replaced, also by a new agent", async () => {
  const addresses = await pageOf("guarded", "addresses");
  const address = fieldOf("vmi/guarded", ".status.interfaces[0].ipAddress");
  assert.ok(addresses.includes(` ${address}/16 `), `${address} is not in ${addresses}`);
  assert.equal(fieldOf("vmi/guarded", ".status.interfaces[0].mac"), passtMac);
  assert.equal(await greeting(address), "hello\n");
  assert.equal(await connects(address, 22), false, "a port that is not named");
  const condition = fieldOf("vmi/guarded", '.status.conditions[?(@.type=="LiveMigratable")].reason');
  assert.equal(condition, "InterfaceNotLiveMigratable");
  const [first, ...others] = passts();
  assert.ok(first !== undefined && others.length === 0);
  const status = readProc(first, "status");
  for (const line of [/^Uid:(\t107){4}$/m, /^CapEff:\t0+$/m, /^NoNewPrivs:\t1$/m, /^Seccomp:\t2$/m])
    assert.match(status, line);
  process.kill(first, "SIGKILL");
  const next = await eventually("another one", stopMs, () => passts().find((pid) => pid !== first));
  assert.equal(await pageOf("guarded", "addresses"), addresses);
  assert.equal(killAgent(instance), true);
  process.kill(next, "SIGKILL");
  await eventually("one of the new agent's", stopMs, () => passts().find((pid) => pid !== next));
  assert.equal(await greeting(address), "hello\n");
});

test("a watchdog that nobody feeds powers the machine off", async () => {
  await order("guarded");
  await becomes("vmi/guarded", ".status.phase", "Succeeded");
  await eventually("passt has ended with QEMU", stopMs, () => passts().length === 0 || undefined);
  const reasons = kubectl(
    "get",
    "events",
    "--field-selector=involvedObject.name=guarded",
    "-o",
    "jsonpath={.items[*].reason}",
  );
  assert.ok(!reasons.split(" ").includes("Crashed"), reasons);
});

test("a guest of arm64 boots on an emulated processor, with its disks, network, agent and console", async () => {
  await importImage(instance, "guest-arm64");
  const runcmd = ["uname -m >/www/architecture", "cat /proc/interrupts >/www/interrupts"];
  const image = "localhost/vmpod/guest-arm64:latest";
  apply(machineWith({ name: "arm", memory: "256Mi", image, runcmd }, { spec: { architecture: "arm64" } }));
  assert.equal(await pageOf("arm", "architecture"), "aarch64");
  assert.match(await pageOf("arm", "interrupts"), /GICv3/);
  await becomes("vmi/arm", '.status.conditions[?(@.type=="AgentConnected")].status', "True");
  assert.match(fieldOf("vmi/arm", '.status.conditions[?(@.type=="SoftwareEmulation")].message'), /it is of arm64/);
  const log = () => kubectl("logs", "-l", "vm.kubevirt.io/name=arm", "--tail=-1");
  await eventually("its login prompt", bootMs, () => /arm login:/.test(log()) || undefined, log);
  assert.deepEqual(
    qemusOf(instance.name, "arm").map(({ name }) => name),
    ["qemu-system-aar"],
  );
});

test("a forced stop does not wait for the guest", async () => {
  succeed(vmpod("stop", "rich", "--force", "--grace-period", "0"), "vmpod stop --force");
  await becomes("vm/rich", ".status.printableStatus", "Stopped");
  await eventually("no QEMU runs it", stopMs, () => qemusOf(instance.name, "rich").length === 0 || undefined);
});

/** Files of the node are not for everybody: an administrator says so, and the API server hears of it. */
async function permitHostDisks(machine: object): Promise<void> {
  const configuration = { developerConfiguration: { featureGates: ["HostDisk"] } };
  apply({ apiVersion: "kubevirt.io/v1", kind: "KubeVirt", metadata: { name: "kubevirt" }, spec: { configuration } });
  const attempt = () => tryKubectl(["apply", "--dry-run=server", "-f", "-"], JSON.stringify(machine));
  await eventually(
    "host disks are permitted",
    60_000,
    () => attempt().status === 0 || undefined,
    () => attempt().stderr,
  );
}

async function tryPage(name: string, path: string): Promise<string | undefined> {
  const address = fieldOf(`vmi/${name}`, ".status.interfaces[0].ipAddress");
  return await fetchText(`http://${address}/${path}`);
}

const pageOf = (name: string, path: string): Promise<string> =>
  eventually(
    `${name} shows ${path}`,
    bootMs,
    () => tryPage(name, path),
    () => tryKubectl(["get", "vmi,pods"]).stdout,
  );

/** Pids of what carries guests' packets. */
/** Those that serve: in the background, where each is the first of a pid namespace. Whoever put it there ends at once. */
const passts = (): number[] =>
  podProcesses(instance.name)
    .filter(({ argv, pid }) => isPasst(argv) && /^NSpid:\t\d+\t1$/m.test(readProc(pid, "status")))
    .map(({ pid }) => pid);

/** What the guest says to who says nothing. */
const greeting = (address: string): Promise<string> =>
  eventually("a greeting", stopMs, async () => {
    const socket = connect({ host: address, port: greetingPort, timeout: 3_000 });
    socket.once("timeout", () => socket.destroy());
    return (await readText(socket).catch(() => "")) || undefined;
  });

/** The port is open once the guest has come to its run commands. */
async function order(name: string): Promise<void> {
  await eventually(`${name} takes an order`, bootMs, async () => {
    const address = fieldOf(`vmi/${name}`, ".status.interfaces[0].ipAddress");
    return (address !== "" && (await connects(address, orderPort))) || undefined;
  });
}

async function becomes(object: string, path: string, wanted: string): Promise<void> {
  const look = () => fieldOf(object, path);
  await eventually(`${object} ${path} is ${wanted}`, stopMs, () => look() === wanted || undefined, look);
}
