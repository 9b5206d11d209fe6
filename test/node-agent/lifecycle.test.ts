/** The node agent with real guests: it brings them up, survives being killed at any point, and lets people in. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { bin, eventually, run, succeed } from "../embedded/instance.ts";
import { useInstance } from "../embedded/use-instance.ts";
import { dumpsIn, stopWriter } from "./dumps.ts";
import { podProcesses, readProc } from "../embedded/processes.ts";
import { commandServer, dhcpAnswerers, expectPrompt, expectText, killAgent, nodeApi, qemus, vmi } from "./guests.ts";

const instance = useInstance("vt7", 7);
const { fieldOf, kubectl, tryKubectl } = instance;

after(() => {
  run(["ip", "link", "delete", "vt7lan"]);
});

const apply = (...manifests: string[]): void => {
  succeed(
    tryKubectl(["apply", "-f", "-"], `{"apiVersion":"v1","kind":"List","items":[${manifests.join(",")}]}`),
    "apply",
  );
};
const field = (name: string, path: string): string => kubectl("get", "vmi", name, "-o", `jsonpath={${path}}`);
const condition = (name: string, type: string): string =>
  field(name, `.status.conditions[?(@.type=="${type}")].status`);
const untilPhase = (name: string, phase: string) =>
  eventually(
    `${name} is ${phase}`,
    90_000,
    () => field(name, ".status.phase") === phase || undefined,
    () => kubectl("get", "vmi,pods"),
  );
const untilCondition = (name: string, type: string, status: string, timeoutMs = 120_000) =>
  eventually(
    `${name}: ${type}=${status}`,
    timeoutMs,
    () => condition(name, type) === status || undefined,
    () => field(name, ".status.conditions"),
  );
const podReady = '{.items[*].status.conditions[?(@.type=="Ready")].status}';
const untilPodReady = (name: string, status: string) =>
  eventually(
    `the pod of ${name}: Ready=${status}`,
    60_000,
    () =>
      kubectl("get", "pods", "-l", `vm.kubevirt.io/name=${name}`, "-o", `jsonpath=${podReady}`) === status || undefined,
    () => kubectl("get", "pods", "-o", "yaml"),
  );

/** A bridge of the host's, with addresses. */
const lan = JSON.stringify({
  apiVersion: "k8s.cni.cncf.io/v1",
  kind: "NetworkAttachmentDefinition",
  metadata: { name: "lan" },
  spec: {
    config: JSON.stringify({
      cniVersion: "1.0.0",
      type: "bridge",
      bridge: "vt7lan",
      isGateway: true,
      ipam: { type: "host-local", ranges: [[{ subnet: "10.207.77.0/24" }]] },
    }),
  },
});
const secondNetwork = {
  interface: { name: "lan", bridge: {}, macAddress: "02:00:00:77:00:02" },
  network: { name: "lan", multus: { networkName: "lan" } },
};
const secondInterface = '.status.interfaces[?(@.name=="lan")]';
const neighbour = JSON.stringify({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "neighbour", annotations: { "k8s.v1.cni.cncf.io/networks": "lan" } },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [{ name: "c", image: "localhost/vmpod/busybox:latest", command: ["sleep", "3600"] }],
  },
});

/** The guest's own comes last. */
const allSources = "domain, guest-agent, multus-status";

test("a guest comes up with its disks, address and agent", async () => {
  const empty = {
    disk: { name: "empty", disk: { bus: "sata" }, serial: "S123" },
    volume: { name: "empty", emptyDisk: { capacity: "32Mi" } },
  };
  const facts = {
    disk: { name: "facts", disk: { bus: "virtio" } },
    volume: {
      name: "facts",
      downwardAPI: {
        volumeLabel: "facts",
        fields: [{ path: "pod/labels", fieldRef: { fieldPath: "metadata.labels" } }],
      },
    },
  };
  const token = {
    disk: { name: "token", disk: { bus: "virtio" } },
    volume: { name: "token", serviceAccount: { serviceAccountName: "default" } },
  };
  const metrics = {
    disk: { name: "metrics", disk: { bus: "virtio" } },
    volume: { name: "metrics", downwardMetrics: {} },
  };
  const data = {
    disk: { name: "data", disk: { bus: "virtio" }, serial: "DATA" },
    volume: { name: "data", persistentVolumeClaim: { claimName: "data" } },
  };
  apply(lan, neighbour);
  apply(
    JSON.stringify({
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: "data" },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "16Mi" } } },
    }),
    vmi({
      name: "one",
      devices: { panicDevices: [{ model: "pvpanic" }], clientPassthrough: {}, downwardMetrics: {} },
      extra: [empty, facts, token, data, metrics],
      networks: [secondNetwork],
      annotations: { "vmpod.dev/metadata-service": "true" },
      userData: `#cloud-config\nhostname: one\n${commandServer}`,
    }),
  );
  await untilPhase("one", "Running");
  await untilCondition("one", "AgentConnected", "True");
  const osId = await eventually("guestOSInfo", 60_000, () => field("one", ".status.guestOSInfo.id") || undefined);
  assert.equal(osId, "vmpod");
  const nic = await eventually("what is told of its NIC", 60_000, () => {
    const told = JSON.parse(field("one", ".status.interfaces[0]")) as Record<string, unknown>;
    return told["infoSource"] === allSources ? told : undefined;
  });
  assert.deepEqual([nic["name"], nic["interfaceName"]], ["default", "eth0"]);
  assert.equal(await webPage(String(nic["ipAddress"])), "served");
  const targets = JSON.parse(field("one", ".status.volumeStatus")) as { name: string; target: string }[];
  assert.deepEqual(
    targets.map(({ name, target }) => [name, target]),
    [
      ["root", "vda"],
      ["cloudinit", "vdb"],
      ["empty", "sda"],
      ["facts", "vdc"],
      ["token", "vdd"],
      ["data", "vde"],
      ["metrics", "vdf"],
    ],
  );
  const reasons = kubectl(
    "get",
    "events",
    "--field-selector=involvedObject.name=one",
    "-o",
    "jsonpath={.items[*].reason}",
  );
  for (const reason of ["Created", "Started"]) assert.ok(reasons.split(" ").includes(reason), reasons);
});

/** What a guest's web server has, from the host. */
const webPage = (address: string): Promise<string> =>
  eventually(
    `the web server at ${address} answers`,
    60_000,
    () => run(["curl", "-sf", "-m", "5", `http://${address}:8080/`]).stdout.trim() || undefined,
  );

/** Runs a command in the guest, by its web server. */
function inGuest(name: string, command: string): string {
  const address = field(name, ".status.interfaces[0].ipAddress");
  const url = `http://${address}:8080/cgi-bin/sh?${encodeURIComponent(command)}`;
  return run(["curl", "-s", "-m", "60", url]).stdout.trim();
}

test("the guest sees what its pod is told, and writes into its claim", () => {
  const on = (device: string, command: string) =>
    `mkdir -p /tmp/m; mount -t iso9660 /dev/${device} /tmp/m && cd /tmp/m && ${command}; cd /; umount /tmp/m`;
  assert.match(inGuest("one", on("vdc", "cat pod/labels")), /^test="node-agent"$/m);
  assert.match(inGuest("one", on("vdd", "cat namespace && wc -c < token")), /^default\n?[1-9]\d{2,}$/);
  inGuest("one", "echo hello | dd of=/dev/vde conv=fsync");
  assert.equal(inGuest("one", "head -n 1 /dev/vde"), "hello");
});

test("the guest is told of its node, on a disk and at a port", async () => {
  const timeOf = (text: string) => Number(/<name>Time<\/name>\s*<value>(\d+)/.exec(text)?.[1]);
  const read = "blockdev --flushbufs /dev/vdf; head -c 8192 /dev/vdf | tail -c +17";
  const first = timeOf(inGuest("one", read));
  assert.ok(first > 0);
  await eventually("the disk is written anew", 60_000, () => timeOf(inGuest("one", read)) > first || undefined);
  const port =
    "exec 3<>$(grep -l org.github.vhostmd.1 /sys/class/virtio-ports/*/name | sed 's#/name##; s#/sys/class/virtio-ports#/dev#')";
  const ask = `${port}; printf 'GET /metrics/XML\\n\\n' >&3; timeout 30 sed '/<.metrics>/q' <&3`;
  assert.match(inGuest("one", ask), /<name>HostName<\/name>\s*<value>\w+/);
});

const askGuest = (path: string) =>
  run(["curl", "-sf", "-m", "30", `http://${field("one", ".status.interfaces[0].ipAddress")}:8080/${path}`]).stdout;

test("a guest asks who it is, also an agent that was just killed", async () => {
  assert.deepEqual(askGuest("cgi-bin/me").split("\n", 2), ["one.default", "#cloud-config"]);
  killAgent(instance);
  // A token that the killed one gave is not valid afterwards, so a guest that asked right then is told to fetch another.
  const answer = () => askGuest("cgi-bin/me").trim().split("\n", 1)[0];
  await eventually("it is told again", 60_000, () => (answer() === "one.default" ? true : undefined));
});

test("a guest and a container reach each other by IPv6", async () => {
  const addresses = field("one", ".status.interfaces[0].ipAddresses[*]").split(" ");
  assert.deepEqual(addresses.map(isIP), [4, 6], "a host without IPv6 shows nothing here");
  // This guest asks for no address by DHCPv6; test/node-agent/network.test.ts has a client that does.
  inGuest("one", "ip -6 address add fd10:0:2::2/120 dev eth0");
  await eventually("a route is advertised", 60_000, () =>
    inGuest("one", "ip -6 route").includes("default via fe80:") ? true : undefined,
  );
  assert.equal(await pageForNeighbour(`[${addresses[1]}]`), "served");
  const serve = "mkdir /tmp/www && echo neighbour >/tmp/www/index.html && httpd -p 8080 -h /tmp/www";
  kubectl("exec", "neighbour", "--", "sh", "-c", serve);
  const container = kubectl("get", "pod", "neighbour", "-o", "jsonpath={.status.podIPs[1].ip}");
  const fetched = () => inGuest("one", `timeout 10 wget -qO- http://[${container}]:8080/`) || undefined;
  assert.equal(await eventually("the guest fetches from the container", 60_000, fetched), "neighbour");
});

/** What a guest's web server has, from the container beside it. */
const pageForNeighbour = (address: string): Promise<string> =>
  eventually(`the container fetches from ${address}`, 60_000, () => {
    const argv = ["exec", "neighbour", "--", "timeout", "10", "wget", "-qO-", `http://${address}:8080/`];
    return tryKubectl(argv).stdout.trim() || undefined;
  });

test("a guest has an address on its second network, and is reached there from the host and from a container", async () => {
  const second = await eventually("its address", 60_000, () => {
    const nic = JSON.parse(field("one", secondInterface) || "{}") as Record<string, unknown>;
    return nic["ipAddress"] !== undefined && nic["infoSource"] === allSources ? nic : undefined;
  });
  assert.equal(second["name"], "lan");
  const address = String(second["ipAddress"]);
  assert.match(address, /^10\.207\.77\./);
  assert.equal(await webPage(address), "served");
  const told = kubectl(
    "get",
    "pod",
    "neighbour",
    "-o",
    String.raw`jsonpath={.metadata.annotations.k8s\.v1\.cni\.cncf\.io/network-status}`,
  );
  const names = (JSON.parse(told) as { name: string; interface: string }[]).map((each) => [each.name, each.interface]);
  assert.deepEqual(names, [
    [instance.name, "eth0"],
    ["default/lan", "net1"],
  ]);
  assert.match(kubectl("exec", "neighbour", "--", "ip", "route", "get", address), / dev net1 /);
  assert.equal(await pageForNeighbour(address), "served");
  kubectl("delete", "pod", "neighbour");
});

test("QEMU has no privilege", () => {
  const [pid] = qemus(instance).get("one") ?? [];
  const status = run(["cat", `/proc/${pid}/status`]).stdout;
  for (const line of [/^CapEff:\t0{16}$/m, /^NoNewPrivs:\t1$/m, /^Seccomp:\t2$/m, /^Uid:\t107\t107\t107\t107$/m]) {
    assert.match(status, line);
  }
});

test("the console is shared: a new client takes it from the old one, also right after the agent was killed", async () => {
  const api = await nodeApi(instance);
  const first = await api.open("one", "console");
  await expectPrompt(first, 60_000);
  const taken = once(first, "close");
  const second = await api.open("one", "console");
  await taken;
  second.terminate();
  killAgent(instance);
  const third = await eventually("the console opens again", 60_000, () =>
    api.open("one", "console").catch(() => undefined),
  );
  await expectPrompt(third, 60_000);
  third.terminate();
});

test("screen, VNC and ports are reached through the agent", async () => {
  const api = await nodeApi(instance);
  const screenshot = await api.call("GET", "one", "vnc/screenshot");
  assert.equal(screenshot.body.subarray(1, 4).toString(), "PNG");
  const vnc = await api.open("one", "vnc");
  await expectText(vnc, /^RFB 003\.008\n/, 30_000);
  await assert.rejects(api.open("one", "vnc?preserveSession=true"), /session/);
  vnc.terminate();
  const usb = await api.open("one", "usbredir");
  await expectText(usb, /usb-redir/, 30_000);
  usb.terminate();
  const web = await api.open("one", "portforward/8080/tcp");
  web.send(Buffer.from("GET / HTTP/1.0\r\n\r\n"));
  await expectText(web, /served/, 30_000);
  web.terminate();
});

test("the guest agent's lists have upstream's shapes", async () => {
  const api = await nodeApi(instance);
  const kinds = await Promise.all(
    ["guestosinfo", "userlist", "filesystemlist"].map(async (verb) => {
      const { code, body } = await api.call("GET", "one", verb);
      return [code, (JSON.parse(body.toString()) as { kind: string }).kind];
    }),
  );
  assert.deepEqual(kinds, [
    [200, "VirtualMachineInstanceGuestAgentInfo"],
    [200, "VirtualMachineInstanceGuestOSUserList"],
    [200, "VirtualMachineInstanceFileSystemList"],
  ]);
});

test("a frozen guest is thawed by itself", async () => {
  const api = await nodeApi(instance);
  const status = async () => {
    const { body } = await api.call("GET", "one", "guestosinfo");
    return (JSON.parse(body.toString()) as { fsFreezeStatus?: string }).fsFreezeStatus;
  };
  assert.equal((await api.call("PUT", "one", "freeze", { unfreezeTimeout: "2s" })).code, 202);
  await eventually("thawed", 60_000, async () => ((await status()) === "thawed" ? true : undefined));
});

test("a guest that its user paused stays paused when the agent is killed", async () => {
  const api = await nodeApi(instance);
  assert.equal((await api.call("PUT", "one", "pause")).code, 202);
  await untilCondition("one", "Paused", "True");
  await untilPodReady("one", "False"); // Services send nothing to it
  assert.equal((await api.call("PUT", "one", "pause")).code, 409);
  killAgent(instance);
  await eventually("the agent answers again", 60_000, () =>
    api.call("GET", "one", "guestosinfo").then(
      () => true,
      () => undefined,
    ),
  );
  assert.equal(condition("one", "Paused"), "True");
  // Only a paused guest can be resumed.
  assert.equal((await api.call("PUT", "one", "unpause")).code, 202);
  await untilCondition("one", "Paused", "");
  await untilPodReady("one", "True");
  assert.equal(field("one", ".status.phase"), "Running");
});

test("an agent that is killed again and again while guests are created leaves one QEMU each, running", async () => {
  const names = ["a", "b", "c", "d"].map((suffix) => `crash-${suffix}`);
  const killing = killRepeatedly();
  apply(...names.map((name) => vmi({ name })));
  await killing;
  for (const name of names) await untilPhase(name, "Running");
  const found = qemus(instance);
  assert.deepEqual(
    names.map((name) => found.get(name)?.length),
    names.map(() => 1),
  );
  await eventually(
    "one DHCP answerer for each guest, and one for a second network",
    60_000,
    () => dhcpAnswerers(instance) === names.length + 2 || undefined,
  );
  kubectl("delete", "vmi", ...names);
});

/** Each agent lives for a moment only: it dies in the middle of whatever it does. */
async function killRepeatedly(): Promise<void> {
  for (let kills = 0; kills < 5; kills++) {
    await delay(350);
    await eventually("an agent to kill", 60_000, () => killAgent(instance) || undefined);
  }
}

test("a guest that does not boot shows in its status", async () => {
  const blank = {
    disk: { name: "blank", disk: { bus: "virtio" }, bootOrder: 1 },
    volume: { name: "blank", emptyDisk: { capacity: "16Mi" } },
  };
  apply(vmi({ name: "blank", extra: [blank] }));
  await untilCondition("blank", "GuestBootFailed", "True", 60_000);
  assert.equal(field("blank", '.status.conditions[?(@.type=="GuestBootFailed")].reason'), "NoBootableDevice");
  kubectl("delete", "vmi", "blank");
});

test("a soft reboot keeps QEMU and starts the guest anew", async () => {
  const before = qemus(instance).get("one");
  const api = await nodeApi(instance);
  assert.equal((await api.call("PUT", "one", "softreboot")).code, 202);
  await untilCondition("one", "AgentConnected", "");
  await untilCondition("one", "AgentConnected", "True");
  assert.deepEqual(qemus(instance).get("one"), before);
});

test("a guest whose kernel panics has failed, and its QEMU is gone", async () => {
  await eventually("its web server is up again", 60_000, () => inGuest("one", "echo up") === "up" || undefined);
  inGuest("one", "(sleep 1; echo c > /proc/sysrq-trigger) > /dev/null 2>&1 &");
  await untilPhase("one", "Failed");
  assert.equal(field("one", ".status.reason"), "GuestPanicked");
  const events = ["get", "events", "--field-selector=involvedObject.name=one,reason=GuestPanicked"];
  const said = () => kubectl(...events, "-o", "jsonpath={.items[*].message}");
  assert.match(await eventually("its event", 60_000, () => said() || undefined), /^GuestPanicked/);
  await eventually("no QEMU is left of it", 60_000, () => qemus(instance).get("one") === undefined || undefined);
});

/** It boots a kernel from an image, sees a claim that stays as it is, and is in the network itself. */
function later(startStrategy?: string): string {
  const container = { image: "localhost/vmpod/guest:latest", kernelPath: "/boot/vmlinuz", initrdPath: "/boot/initrd" };
  const kernelArgs = "console=ttyS0,115200 no_timer_check cryptomgr.notests noisapnp quiet fromkernel";
  return vmi({
    name: "later",
    spec: {
      ...(startStrategy && { startStrategy }),
      domain: {
        firmware: { kernelBoot: { container, kernelArgs } },
        memory: { guest: "96Mi" },
        devices: {
          disks: [
            { name: "cloudinit", disk: { bus: "virtio" } },
            { name: "data", disk: { bus: "virtio" } },
          ],
          interfaces: [{ name: "default", bridge: {} }],
        },
        resources: { requests: { cpu: "10m" } },
      },
      volumes: [
        { name: "cloudinit", cloudInitNoCloud: { userData: `#cloud-config\n${commandServer}` } },
        { name: "data", ephemeral: { persistentVolumeClaim: { claimName: "data" } } },
      ],
    },
  });
}

test("one that is to start paused waits for its user", async () => {
  apply(later("Paused"));
  await untilPhase("later", "Running");
  await untilCondition("later", "Paused", "True");
  const api = await nodeApi(instance);
  assert.equal((await api.call("PUT", "later", "unpause")).code, 202);
  await untilCondition("later", "Paused", "");
  await untilCondition("later", "AgentConnected", "True");
  await eventually("its web server answers", 60_000, () => inGuest("later", "echo up") === "up" || undefined);
  const seen = inGuest("later", "cat /proc/cmdline; head -n 1 /dev/vdb; echo other > /dev/vdb && echo written");
  assert.match(seen, /fromkernel\nhello\nwritten$/);
});

test("with the bridge binding a guest has its pod's address itself, and again when it starts anew", async () => {
  const own = "ip -4 -o address show eth0 | awk '{print $4}'; cat /proc/sys/kernel/random/boot_id";
  const address = field("later", ".status.interfaces[0].ipAddress");
  const [first, firstBoot] = inGuest("later", own).split("\n");
  assert.equal(first, `${address}/16`);
  kubectl("delete", "vmi", "later");
  apply(machineOf(later()));
  const ask = () =>
    run(["curl", "-s", "-m", "10", `http://${address}:8080/cgi-bin/sh?${encodeURIComponent(own)}`]).stdout;
  const answer = await eventually("it answers at the address that it had", 120_000, () => ask().trim() || undefined);
  const [again, secondBoot] = answer.split("\n");
  assert.equal(again, first);
  assert.notEqual(secondBoot, firstBoot);
});

test("a NIC is plugged into a running guest, and unplugged", async () => {
  await untilCondition("later", "AgentConnected", "True");
  const { interface: nic, network } = secondNetwork;
  changeTemplate("later", [
    { op: "add", path: "/networks/-", value: network },
    { op: "add", path: "/domain/devices/interfaces/-", value: nic },
  ]);
  const address = await eventually(
    "its address",
    60_000,
    () => field("later", `${secondInterface}.ipAddress`) || undefined,
    () => kubectl("get", "vmi,pods", "-o", "yaml"),
  );
  assert.match(address, /^10\.207\.77\./);
  const sources = () => field("later", `${secondInterface}.infoSource`);
  await eventually("who tells of it", 60_000, () => /multus-status/.test(sources()) || undefined, sources);
  assert.equal(await webPage(address), "served");
  changeTemplate("later", [{ op: "add", path: "/domain/devices/interfaces/1/state", value: "absent" }]);
  const links = () => inGuest("later", "ls /sys/class/net").split("\n");
  await eventually(
    "the guest has let go of it",
    60_000,
    () => (links().includes("eth0") && !links().includes("eth1")) || undefined,
  );
  await eventually("nobody answers DHCP there", 60_000, () => dhcpAnswerers(instance) === 1 || undefined);
  const pod = ["get", "pods", "-l", "vm.kubevirt.io/name=later", "-o", "jsonpath={.items[0].metadata.annotations}"];
  await eventually("its pod is not attached", 60_000, () => !kubectl(...pod).includes("lan") || undefined);
  assert.doesNotMatch(kubectl("get", "vm", "later", "-o", "jsonpath={.status.conditions[*].type}"), /RestartRequired/);
});

const plugged = (part: string): string =>
  field("later", `.status.volumeStatus[?(@.persistentVolumeClaimInfo.claimName=="extra")].${part}`);
const untilPlugged = (phase: string) =>
  eventually(
    `the claim is ${phase || "gone"}`,
    60_000,
    () => plugged("phase") === phase || undefined,
    () => field("later", ".status") + kubectl("get", "pods", "-o", "yaml"),
  );
const untilSeen = (disk: string) =>
  eventually(`the guest sees ${disk}`, 60_000, () => inGuest("later", "ls /sys/block").includes(disk) || undefined);
const servers = () => podProcesses(instance.name).filter(({ name }) => name === "qemu-nbd");

/** The first lines of the disk that is on bus scsi, or those that it has after a command that is run with it as $d. */
const onPlugged = (command = ":"): string =>
  inGuest(
    "later",
    `d=/dev/$(ls /sys/block | grep sd); ${command}; dd if=$d bs=512 count=2 2>/dev/null | tr -d '\\000'`,
  );
const writes = (text: string, block: number) =>
  `echo ${text} | dd of=$d bs=512 seek=${block} conv=sync,fsync 2>/dev/null`;

test("a claim is plugged into a running guest by whichever agent is there, outlives its server, and is unplugged with what was written", async () => {
  const boot = bootId();
  const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "64Mi" } } };
  apply(JSON.stringify({ apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name: "extra" }, spec }));
  succeed(instance.vmpod("addvolume", "later", "--volume-name=extra"), "addvolume");
  killAgent(instance);
  await untilPlugged("Ready");
  await untilSeen("sd");
  assert.equal(onPlugged(writes("one", 0)), "one");
  assert.match(inGuest("later", "cat /sys/block/sd*/size"), /^131072$/);
  const [server, ...others] = servers();
  assert.ok(server && others.length === 0);
  const status = readProc(server.pid, "status");
  for (const line of [/^Uid:(\t107){4}$/m, /^CapBnd:\t0+$/m, /^NoNewPrivs:\t1$/m, /^Seccomp:\t2$/m])
    assert.match(status, line);
  process.kill(server.pid, "SIGKILL");
  assert.equal(onPlugged(writes("two", 1)), "one\ntwo", "it waits for the next server");
  // QEMU waits for the next one also to let go of the disk, and answers nobody meanwhile.
  for (const { pid } of servers()) process.kill(pid, "SIGKILL");
  succeed(instance.vmpod("removevolume", "later", "--volume-name=extra"), "removevolume");
  await untilPlugged("");
  assert.equal(inGuest("later", "ls /sys/block | grep -c sd"), "0");
  await eventually("its pod is gone", 60_000, () => servers().length === 0 || undefined);
  succeed(instance.vmpod("addvolume", "later", "--volume-name=extra", "--bus=virtio"), "addvolume");
  await untilPlugged("Ready");
  await untilSeen("vdc");
  const again = "dd if=/dev/$(basename $(dirname $(grep -l extra /sys/block/vd*/serial))) bs=512 count=2 2>/dev/null";
  assert.equal(inGuest("later", `${again} | tr -d '\\000'`), "one\ntwo");
  kubectl("delete", "pod", "-l", "kubevirt.io=hotplug-disk", "--wait=false");
  const ending = () => kubectl("get", "pod", "-l", "kubevirt.io=hotplug-disk", "-o", "jsonpath={..deletionTimestamp}");
  await eventually("its pod is to go", 60_000, () => ending() || undefined);
  inGuest("later", "echo three | dd of=/dev/vdc bs=512 seek=2 conv=sync 2>/dev/null");
  assert.equal(bootId(), boot);
  assert.doesNotMatch(fieldOf("vm/later", ".status.conditions[*].type"), /RestartRequired/);
  succeed(instance.vmpod("restart", "later"), "restart");
  await eventually("it is booted anew", 120_000, () => {
    const next = bootId();
    return (next !== "" && next !== boot) || undefined;
  });
  assert.equal(servers().length, 0, "its new launcher has the claim itself");
  const [image = ""] = kubectl(
    "get",
    "pv",
    "-o",
    "jsonpath={.items[?(@.spec.claimRef.name=='extra')].spec.hostPath.path}",
  ).split("\n");
  assert.match(readFileSync(join(image, "disk.img")).subarray(1024).toString(), /^three\n/, "written as it shut down");
  await untilCondition("later", "AgentConnected", "True");
});

const bootId = () => inGuest("later", "cat /proc/sys/kernel/random/boot_id");
const dumpOf = (part: string): string => fieldOf("vm/later", `.status.memoryDumpRequest.${part}`);
const askForDump = (...flags: string[]): void =>
  void succeed(instance.vmpod("memory-dump", "get", "later", ...flags), "memory-dump get");
const untilDump = (phase: string) =>
  eventually(
    `the dump is ${phase}`,
    60_000,
    () => dumpOf("phase") === phase || undefined,
    () => fieldOf("vm/later", ".status") + kubectl("get", "pods", "-o", "yaml"),
  );

test("a running guest's memory is written into a claim, and the guest goes on", async () => {
  inGuest("later", "echo found-$((6 * 7))-in-memory > /tmp/marker");
  const boot = bootId();
  askForDump("--claim-name=dump", "--create-claim");
  await untilDump("Completed");
  const [dump, ...others] = dumpsIn(instance, "dump");
  assert.ok(dump);
  assert.deepEqual(others, []);
  assert.match(dump.name, /^later-dump-\d{8}-\d{6}\.memory\.dump$/);
  assert.equal(dumpOf("fileName"), dump.name);
  assert.ok(Date.parse(dumpOf("endTimestamp")) >= Date.parse(dumpOf("startTimestamp")));
  assert.equal(dump.type, 4);
  const [low = 0, rest = 0] = [dump.memory.get(0), dump.memory.get(0xc0000)];
  // Between them is what shows the screen.
  assert.deepEqual([low, Math.floor((0xc0000 + rest) / 2 ** 20)], [0xa0000, 96]);
  assert.ok(dump.content.includes("found-42-in-memory"));
  assert.equal(bootId(), boot);
  assert.equal(kubectl("get", "pods", "-l", "kubevirt.io=memory-dump", "-o", "name"), "");
  assert.equal(fieldOf("vmi/later", ".spec.volumes[*].memoryDump"), "");
  assert.doesNotMatch(fieldOf("vm/later", ".status.conditions[*].type"), /RestartRequired/);
  const reasons = () =>
    kubectl("get", "events", "--field-selector=involvedObject.kind=VirtualMachine", "-o", "jsonpath={..reason}");
  await eventually("its event", 60_000, () => /MemoryDumpCompleted/.test(reasons()) || undefined, reasons);
});

test("a dump is refused where there is no room for it", () => {
  const small = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "128Mi" } } };
  apply(JSON.stringify({ apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name: "small" }, spec: small }));
  const { stderr } = instance.vmpod("memory-dump", "get", "later", "--claim-name=small");
  assert.match(stderr, /pvc size \[128Mi\] should be bigger then \[196Mi\]/);
});

/** Asks for a dump, and stops who writes it in the middle of it. */
async function stopNextWriter(): Promise<number> {
  const asking = spawn(bin, ["--kubeconfig", instance.kubeconfig, "memory-dump", "get", "later"]);
  const asked = once(asking, "exit");
  const writer = await stopWriter(instance, 30_000);
  assert.deepEqual(await asked, [0, null]);
  return writer;
}

test("a dump goes on while the agent is away, and takes the place of the one before", async () => {
  const [before] = dumpsIn(instance, "dump");
  const boot = bootId();
  const writer = await stopNextWriter();
  await eventually("it is told how far it is", 60_000, () => /^\d+%/.test(dumpOf("message")) || undefined);
  assert.match(instance.vmpod("explain", "later").stdout, /its memory is to be written into claim dump \(\d+%/);
  assert.match(instance.vmpod("memory-dump", "get", "later").stderr, /already in progress/);
  killAgent(instance);
  await delay(500);
  process.kill(writer, "SIGCONT");
  await untilDump("Completed");
  const [after, ...others] = dumpsIn(instance, "dump");
  assert.deepEqual(others, []);
  assert.notEqual(after?.name, before?.name);
  assert.equal(bootId(), boot);
});

test("a dump of a machine that ends meanwhile has failed; then its claim is let go", async () => {
  await stopNextWriter();
  const [pid] = qemus(instance).get("later") ?? [];
  process.kill(Number(pid), "SIGKILL");
  await untilDump("Failed");
  assert.match(dumpOf("message"), /ended/);
  succeed(instance.vmpod("memory-dump", "remove", "later"), "memory-dump remove");
  await eventually("nothing is left of it", 60_000, () => dumpOf("phase") === "" || undefined);
  assert.equal(fieldOf("vm/later", ".spec.template.spec.volumes[*].memoryDump"), "");
  kubectl("delete", "vm", "later");
});

function machineOf(instance: string): string {
  const { metadata, spec } = JSON.parse(instance) as { metadata: object; spec: object };
  return JSON.stringify({
    apiVersion: "kubevirt.io/v1",
    kind: "VirtualMachine",
    metadata,
    spec: { runStrategy: "Always", template: { spec } },
  });
}

function changeTemplate(name: string, patch: { op: string; path: string; value: unknown }[]): void {
  const below = patch.map((each) => ({ ...each, path: `/spec/template/spec${each.path}` }));
  kubectl("patch", "vm", name, "--type=json", "-p", JSON.stringify(below));
}

test("what ends is cleaned up", async () => {
  kubectl("delete", "vmi", "one");
  await eventually("no DHCP answerer is left", 60_000, () => dhcpAnswerers(instance) === 0 || undefined);
  await eventually("no QEMU is left", 60_000, () => qemus(instance).size === 0 || undefined);
});
