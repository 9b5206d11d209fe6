/** The guest's network, built for real in a namespace of its own; a second one plays the pod's peer. */
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp, readdir } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text as readText } from "node:stream/consumers";
import { after, before, test } from "node:test";

import { listDhcpProcesses, stopDhcp } from "../../src/network/dhcp-process.ts";
import { cniPlugins } from "../../src/kubelet/networks/cni-plugins.ts";
import { addInterface, deleteInterface } from "../../src/kubelet/networks/run-plugins.ts";
import { createLogger } from "../../src/base/log.ts";
import { listenInNamespace } from "../../src/network/listen-in-namespace.ts";
import { metadataAddress, podLinks } from "../../src/network/pod-network.ts";
import { facts } from "../../src/node/metadata/facts.fixture.ts";
import { serveMetadata } from "../../src/node/metadata/serve-metadata.ts";
import { isEmpty, planNetwork } from "../../src/network/network-plan.ts";
import { observeNetwork } from "../../src/network/observed-network.ts";
import { listPasst, type PasstRequest, reconcilePasst } from "../../src/network/passt-process.ts";
import { type NetworkRequest, reconcileBridged, reconcileNetwork } from "../../src/network/reconcile-network.ts";
import { eventually } from "../embedded/instance.ts";
import { busybox, fetchBusybox } from "../fixtures/busybox.ts";
import { dhclient, fetchDhclient } from "../fixtures/dhclient.ts";
import { layPasst } from "../fixtures/passt.ts";

before(() => Promise.all([fetchBusybox(), fetchDhclient()]));

/** Of this process alone: those of one that was killed may still be there. */
const unique = (role: string): string => `vmpod-test-${process.pid}-${role}`;
const names = {
  pod: unique("pod"),
  guest: unique("guest"),
  inner: unique("inner"),
  peer: unique("peer"),
  carrier: unique("carrier"),
  carried: unique("carried"),
};
const guestMac = "02:11:22:33:44:55";
/** In the host's namespace, as plugins make it. */
const lanBridge = `vl${process.pid}`;
const cardMac = "02:11:22:33:44:66";
const pod = `/run/netns/${names.pod}`;
let directory = "";

const ip = (...args: string[]): string => execFileSync("ip", args, { encoding: "utf8" });
const inside = (namespace: string, ...argv: string[]): string =>
  execFileSync("nsenter", [`--net=/run/netns/${namespace}`, ...argv], { encoding: "utf8", timeout: 60_000 });
/** As soon as it says so. */
const untilInside = (what: string, isSo: (text: string) => boolean, namespace: string, ...argv: string[]) =>
  eventually(
    what,
    30_000,
    () => isSo(inside(namespace, ...argv)) || undefined,
    () => inside(namespace, ...argv),
  );

function request(): NetworkRequest {
  return {
    network: {
      uplink: "eth0",
      bridge: "k6t-eth0",
      tap: "tap0",
      routerAddress: "10.0.2.1",
      guestAddress: "10.0.2.2",
      prefixLength: 24,
      guestMac,
      multiqueue: true,
      ipv6: { routerAddress: "fd10:0:2::1", guestAddress: "fd10:0:2::2", prefixLength: 120 },
      ports: [],
      owner: 107,
    },
    resolver: { servers: ["10.43.0.10"], servers6: [], searchDomains: ["default.svc.cluster.local"] },
    hostname: "legacy",
    pidFile: join(directory, "pod.pid"),
    cgroups: [],
  };
}

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "vmpod-network-"));
  for (const name of Object.values(names)) ip("netns", "add", name);
  ip(
    "link",
    "add",
    "eth0",
    "mtu",
    "1450",
    "netns",
    names.pod,
    "type",
    "veth",
    "peer",
    "name",
    "eth0",
    "netns",
    names.peer,
  );
  for (const [name, address, address6] of [
    [names.pod, "10.42.0.5/24", "fd42::5/64"],
    [names.peer, "10.42.0.6/24", "fd42::6/64"],
  ] as const) {
    inside(name, "ip", "address", "add", address, "dev", "eth0");
    inside(name, "ip", "address", "add", address6, "dev", "eth0", "nodad");
    for (const link of ["lo", "eth0"]) inside(name, "ip", "link", "set", link, "up");
  }
});

after(async () => {
  for (const dhcp of await listDhcpProcesses(directory)) await stopDhcp(dhcp);
  for (const name of Object.values(names)) spawnSync("ip", ["netns", "delete", name]);
  spawnSync("ip", ["link", "delete", lanBridge]);
  rmSync(directory, { recursive: true });
});

test("it is built once, and looked at again it stays as it is", async () => {
  await reconcileNetwork(pod, request());
  const [first] = await listDhcpProcesses(directory);
  const observed = await observeNetwork(pod);
  assert.ok(isEmpty(planNetwork({ ...request().network, mtu: 1450 }, observed)));
  const tap = observed.links.find(({ name }) => name === "tap0");
  assert.deepEqual(tap && [tap.owner, tap.mtu, tap.master, tap.multiqueue], [107, 1450, "k6t-eth0", true]);
  await reconcileNetwork(pod, request());
  assert.deepEqual(await listDhcpProcesses(directory), [first]);
});

test("the answerer has no privilege beyond its network", async () => {
  const [dhcp] = await listDhcpProcesses(directory);
  const status = readFileSync(`/proc/${dhcp?.pid}/status`, "utf8");
  assert.match(status, /^Uid:\t65534\t/m);
  // In the pod's namespace CAP_NET_ADMIN, to write the neighbour table, and CAP_NET_RAW, to advertise itself as router.
  assert.match(status, /^CapEff:\t0000000000003000$/m);
});

test("what is damaged is mended", async () => {
  inside(names.pod, "ip", "link", "delete", "tap0");
  inside(names.pod, "nft", "delete", "table", "ip", "vmpod");
  const [dhcp] = await listDhcpProcesses(directory);
  assert.ok(dhcp);
  await stopDhcp(dhcp);
  await reconcileNetwork(pod, request());
  assert.ok(isEmpty(planNetwork({ ...request().network, mtu: 1450 }, await observeNetwork(pod))));
  assert.equal((await listDhcpProcesses(directory)).length, 1);
});

test("a guest gets its address, and is reached at the pod's", async () => {
  attachGuest();
  const lease = leaseIn(names.guest, "eth0");
  for (const expected of ["ip=10.0.2.2", "router=10.0.2.1", "dns=10.43.0.10", "mtu=1450", "hostname=legacy"]) {
    assert.match(lease, new RegExp(`^${expected}$`, "m"));
  }
  inside(names.guest, "ip", "address", "add", "10.0.2.2/24", "dev", "eth0");
  inside(names.guest, "ip", "route", "add", "default", "via", "10.0.2.1");
  assert.equal(await ask(names.guest, names.peer, "10.42.0.5"), "hello");
  assert.equal(await ask(names.guest, names.pod, "127.0.0.1"), "hello");
  // And the other way round: the guest goes out under the pod's address.
  assert.equal(await ask(names.peer, names.guest, "10.42.0.6"), "hello");
});

test("a guest gets an IPv6 address and a route, and is reached at the pod's", async () => {
  // A client waits until its card's own address is found to be nobody else's.
  await untilOwnAddress(names.guest);
  const answers = askDhcpv6();
  assert.match(answers, /^ip6=fd10:0:2::2$/m);
  assert.match(answers, /^search6=default\.svc\.cluster\.local\.$/m);
  inside(names.guest, "ip", "address", "add", "fd10:0:2::2/120", "dev", "eth0", "nodad");
  await untilRoute(names.guest);
  assert.equal(await ask(names.guest, names.peer, "fd42::5"), "hello");
  assert.equal(await ask(names.peer, names.guest, "fd42::6"), "hello");
});

test("a guest, and nobody else, is told who it is", async () => {
  const network = { ...request().network, metadata: true };
  await reconcileNetwork(pod, { ...request(), network });
  assert.ok(isEmpty(planNetwork({ ...network, mtu: 1450 }, await observeNetwork(pod))));
  const socket = await listenInNamespace(pod, metadataAddress);
  const end = serveMetadata(socket, () => Promise.resolve(facts), createLogger("test"));
  try {
    const token = await http(names.guest, "PUT /latest/api/token", "X-aws-ec2-metadata-token-ttl-seconds: 60");
    const header = `X-aws-ec2-metadata-token: ${token?.at(-1)}`;
    const id = await http(names.guest, "GET /latest/meta-data/instance-id", header);
    assert.deepEqual([id?.[0], id?.at(-1)], ["HTTP/1.1 200 OK", "web.default"]);
    assert.equal((await http(names.guest, "GET /latest/user-data"))?.[0], "HTTP/1.1 401 Unauthorized");
    assert.equal(
      (await http(names.guest, `GET /${"x".repeat(5_000)}`))?.[0],
      "HTTP/1.1 431 Request Header Fields Too Large",
    );
    containerInGuest();
    assert.equal(await http(names.inner, "GET /"), undefined, "a container of the guest, a hop away");
    inside(names.peer, "ip", "route", "add", "169.254.169.254", "via", "10.42.0.5");
    assert.equal(await http(names.peer, "GET /"), undefined, "a neighbour");
    assert.equal(await http(names.pod, "GET /"), undefined, "another process of the pod");
  } finally {
    end();
  }
  assert.equal(await http(names.guest, "GET /"), undefined, "nobody listens any more");
});

test("only the listed ports reach the guest", async () => {
  await reconcileNetwork(pod, {
    ...request(),
    network: { ...request().network, ports: [{ protocol: "TCP", port: 80 }] },
  });
  assert.equal(
    await ask(names.guest, names.peer, "10.42.0.5", notReachedSeconds),
    undefined,
    "port 8080 is not listed",
  );
  assert.equal(await ask(names.guest, names.peer, "fd42::5", notReachedSeconds), undefined, "nor is it by IPv6");
});

test("with the bridge binding the guest gets the pod's address, and is in its network", async () => {
  const links = { ...podLinks, uplink: "eth1" };
  ip("link", "add", "eth1", "netns", names.pod, "type", "veth", "peer", "name", "eth1", "netns", names.peer);
  inside(names.pod, "ip", "address", "add", "10.77.0.5/24", "dev", "eth1");
  inside(names.pod, "ip", "link", "set", "eth1", "up");
  inside(names.peer, "ip", "address", "add", "10.77.0.6/24", "dev", "eth1");
  inside(names.peer, "ip", "link", "set", "eth1", "up");
  const bridged = {
    ...request(),
    network: {
      ...links,
      bridge: "k6t-eth1",
      tap: "tap1",
      guestMac: cardMac,
      multiqueue: false,
      owner: 107,
      isAttached: true,
    },
    resolver: { servers: [], servers6: [], searchDomains: [] },
    pidFile: join(directory, "pod.tap1.pid"),
  };
  for (const _ of ["built", "as it is"]) await reconcileBridged(pod, bridged);
  inside(names.pod, "ip", "link", "add", "card1", "type", "veth", "peer", "name", "eth1", "netns", names.guest);
  inside(names.pod, "ip", "link", "set", "card1", "master", "k6t-eth1", "up");
  inside(names.guest, "ip", "link", "set", "eth1", "address", cardMac, "up");
  const lease = leaseIn(names.guest, "eth1");
  assert.match(lease, /^ip=10\.77\.0\.5$/m);
  assert.match(lease, /^router=$/m);
  inside(names.guest, "ip", "address", "add", "10.77.0.5/24", "dev", "eth1");
  assert.equal(await ask(names.guest, names.peer, "10.77.0.5"), "hello");
});

test("passt gives a guest its pod's addresses, and what is named of its ports; another one takes the place of one that died", async () => {
  const netnsPath = `/run/netns/${names.carrier}`;
  ip("link", "add", "eth0", "netns", names.carrier, "type", "veth", "peer", "name", "eth2", "netns", names.peer);
  for (const [name, device, four, six] of [
    [names.carrier, "eth0", "10.78.0.5/24", "fd78::5/64"],
    [names.peer, "eth2", "10.78.0.6/24", "fd78::6/64"],
  ] as const) {
    inside(name, "ip", "address", "add", four, "dev", device);
    inside(name, "ip", "address", "add", six, "dev", device, "nodad");
    inside(name, "ip", "link", "set", device, "up");
  }
  inside(names.carrier, "ip", "link", "set", "lo", "up");
  inside(names.carrier, "ip", "route", "add", "default", "via", "10.78.0.6");
  inside(names.carrier, "ip", "route", "add", "default", "via", "fd78::6");
  const place = { netnsPath, socketPath: join(directory, "passt.sock"), directory: join(directory, "passt") };
  await layPasst(place.directory);
  chmodSync(directory, 0o711);
  const request: PasstRequest = {
    network: { uplink: "eth0", ports: [{ protocol: "TCP", port: 8080 }] },
    resolver: { servers: ["10.43.0.10"], servers6: [], searchDomains: ["default.svc.cluster.local"] },
    hostname: "carried",
    owner: 107,
    cgroups: [],
  };
  const vanishing = createServer((socket) => socket.destroy()).listen(place.socketPath);
  await once(vanishing, "listening");
  await assert.rejects(reconcilePasst(place, request), /EPIPE|ECONNRESET|passt does not start/, "QEMU goes meanwhile");
  vanishing.close();
  const qemu = listeningQemu(place.socketPath);
  const ended = once(qemu, "exit");
  try {
    await untilListening(place.socketPath);
    await reconcilePasst(place, request);
    const [first] = await listPasst(netnsPath);
    const lease = leaseIn(names.carried, "eth0");
    const told = ["ip=10.78.0.5", "router=10.78.0.6", "dns=10.43.0.10", "hostname=carried"];
    for (const line of told) assert.match(lease, new RegExp(`^${line}$`, "m"));
    inside(names.carried, "ip", "address", "add", "10.78.0.5/24", "dev", "eth0");
    inside(names.carried, "ip", "route", "add", "default", "via", "10.78.0.6");
    assert.equal(await ask(names.carried, names.peer, "10.78.0.5"), "hello");
    assert.equal(await ask(names.carried, names.carrier, "127.0.0.1"), "hello", "from within the pod");
    assert.equal(await ask(names.peer, names.carried, "10.78.0.6"), "hello", "and the other way round");
    const ping = ["ping", "-c", "1", "-W", "20"];
    assert.match(inside(names.carried, busybox, ...ping, "10.78.0.6"), /1 packets received/);
    await untilRoute(names.carried);
    await untilOwnAddress(names.carried);
    assert.equal(
      await ask(names.peer, names.carried, "fd78::6"),
      "hello",
      "by IPv6, under an address of its own making",
    );
    assert.equal(await ask(names.carried, names.peer, "fd78::5"), "hello");
    await reconcilePasst(place, request);
    assert.deepEqual(await listPasst(netnsPath), [first], "looked at again it stays as it is");
    const status = readFileSync(`/proc/${first?.pid}/status`, "utf8");
    for (const line of [/^Uid:(\t107){4}$/m, /^Gid:(\t107){4}$/m, /^Groups:\t\s*$/m, ...confined])
      assert.match(status, line);
    const namespace = (pid: number | "self", kind: string) => readlinkSync(`/proc/${pid}/ns/${kind}`);
    for (const kind of ["user", "mnt", "ipc", "uts"])
      assert.notEqual(namespace(first?.pid ?? 0, kind), namespace("self", kind), kind);
    assert.deepEqual(readdirSync(`/proc/${first?.pid}/root`), []);
    for (const address of ["10.78.0.5", "fd78::5"]) {
      for (const { pid } of await listPasst(netnsPath)) process.kill(pid, "SIGKILL");
      await untilNoPasst(netnsPath);
      await reconcilePasst(place, request);
      assert.equal(
        await ask(names.carried, names.peer, address),
        "hello",
        `${address} by another one, without a word from the guest`,
      );
    }
    const ports = [{ protocol: "TCP", port: 81 }] as const;
    await reconcilePasst(place, { ...request, network: { ...request.network, ports } });
    const unnamed = await ask(names.carried, names.peer, "10.78.0.5", notReachedSeconds);
    assert.equal(unnamed, undefined, "port 8080 is not named");
    assert.equal((await listPasst(netnsPath)).length, 1);
  } finally {
    qemu.kill("SIGKILL");
    await ended;
  }
  await untilNoPasst(netnsPath);
});

const untilNoPasst = (netnsPath: string) =>
  eventually("no passt is left", 30_000, async () => (await listPasst(netnsPath)).length === 0 || undefined);

/** Its card's own address is found to be nobody else's. */
const untilOwnAddress = (namespace: string) =>
  untilInside(
    "an address of its own",
    (text) => /inet6 fe80:/.test(text) && !/tentative/.test(text),
    namespace,
    ...["ip", "-6", "address", "show", "dev", "eth0"],
  );

const untilRoute = (namespace: string) =>
  untilInside(
    "a route is advertised",
    (text) => /^default via fe80::\S+ .*proto ra/m.test(text),
    namespace,
    ...["ip", "-6", "route", "show", "default"],
  );

const confined = ["CapInh", "CapPrm", "CapEff", "CapAmb"]
  .map((set) => new RegExp(`^${set}:\t0{16}$`, "m"))
  .concat(/^NoNewPrivs:\t1$/m, /^Seccomp:\t2$/m);

test("a definition's bridge is attached, and what it gave is given back, also when the namespace is gone", async () => {
  const ipam = { type: "host-local", ranges: [[{ subnet: "10.207.78.0/29" }]] };
  const config = JSON.stringify({ type: "bridge", bridge: lanBridge, ipam });
  const definition = { metadata: { namespace: "n", name: "lan" }, spec: { config } };
  const plugins = cniPlugins(definition, join(directory, "ipam"));
  const target = { sandboxId: "s1", netnsPath: pod, interface: "net1" };
  await deleteInterface(target, plugins); // of nothing, as before each attempt
  await addInterface(target, plugins);
  const link = (await observeNetwork(pod)).links.find(({ name }) => name === "net1");
  assert.ok(link?.addresses.includes("10.207.78.2/29"), JSON.stringify(link));
  assert.deepEqual(await addressesInUse(), ["10.207.78.2"]);
  await deleteInterface({ ...target, netnsPath: "" }, plugins);
  assert.deepEqual(await addressesInUse(), []);
  await assert.rejects(addInterface(target, plugins), /net1\) already exists/, "what a plugin complains of is told");
});

const addressesInUse = async (): Promise<string[]> =>
  (await readdir(join(directory, "ipam", "n-lan"))).filter((name) => /^[\d.]+$/.test(name));

/** Instead of QEMU: a card on the bridge, with the guest's MAC address. */
function attachGuest(): void {
  inside(names.pod, "ip", "link", "add", "guest0", "type", "veth", "peer", "name", "eth0", "netns", names.guest);
  inside(names.pod, "ip", "link", "set", "guest0", "master", "k6t-eth0", "up");
  inside(names.guest, "ip", "link", "set", "eth0", "address", guestMac, "up");
}

/** A QEMU without a machine, which passes on what passt carries to a card in the guest's place. */
function listeningQemu(socketPath: string): ChildProcess {
  const netdevs = [
    `stream,id=passt,server=on,addr.type=unix,addr.path=${socketPath}`,
    "tap,id=card,ifname=eth0,script=no,downscript=no,vnet_hdr=off",
    "hubport,id=one,hubid=0,netdev=passt",
    "hubport,id=other,hubid=0,netdev=card",
  ].flatMap((netdev) => ["-netdev", netdev]);
  const argv = ["qemu-system-x86_64", "-M", "none", "-nodefaults", "-display", "none", ...netdevs];
  return spawn("nsenter", [`--net=/run/netns/${names.carried}`, ...argv], { stdio: "inherit" });
}

async function untilListening(socketPath: string): Promise<void> {
  await eventually("QEMU listens", 30_000, () => existsSync(socketPath) || undefined);
  inside(names.carried, "ip", "link", "set", "lo", "up");
  inside(names.carried, "ip", "link", "set", "eth0", "up");
}

/** Behind the guest, which sends for it under its own address. */
function containerInGuest(): void {
  inside(names.guest, "ip", "link", "add", "c0", "type", "veth", "peer", "name", "eth0", "netns", names.inner);
  inside(names.guest, "ip", "address", "add", "10.9.0.1/24", "dev", "c0");
  inside(names.guest, "ip", "link", "set", "c0", "up");
  inside(names.inner, "ip", "address", "add", "10.9.0.2/24", "dev", "eth0");
  inside(names.inner, "ip", "link", "set", "eth0", "up");
  inside(names.inner, "ip", "route", "add", "default", "via", "10.9.0.1");
  inside(names.guest, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward");
  inside(
    names.guest,
    "nft",
    "add table ip n; add chain ip n p { type nat hook postrouting priority 100; }; add rule ip n p oifname eth0 masquerade",
  );
}

/** The client's script tells the answers, and ends it. */
function askDhcpv6(): string {
  const script = join(directory, "dhclient.sh");
  const bound = 'echo "ip6=$new_ip6_address"; echo "search6=$new_dhcp6_domain_search"; kill $PPID';
  writeFileSync(script, `#!/bin/sh\n[ "$reason" != BOUND6 ] || { ${bound}; }\n`, { mode: 0o755 });
  const notes = ["-cf", "/dev/null", "-lf", join(directory, "dhclient.leases"), "-pf", join(directory, "dhclient.pid")];
  const argv = [`--net=/run/netns/${names.guest}`, dhclient, "-6", "-1", "-d", "-sf", script, ...notes, "eth0"];
  return spawnSync("nsenter", argv, { encoding: "utf8", timeout: 60_000 }).stdout;
}

/** What a guest is offered there, a line for each answer. */
function leaseIn(netns: string, link: string): string {
  return inside(netns, busybox, ...`udhcpc -i ${link} -n -q -f -t 20 -T 1 -s`.split(" "), leaseScript());
}

/** udhcpc calls a script with the answers in its environment. */
function leaseScript(): string {
  const path = join(directory, "lease.sh");
  const answers = ["ip", "router", "dns", "mtu", "hostname", "search"];
  const lines = answers.map((name) => `echo "${name}=$${name}"`);
  writeFileSync(path, `#!/bin/sh\n${lines.join("\n")}\n`, { mode: 0o755 });
  return path;
}

/** How long a client waits: what is not reached does not come later. */
const [reachedSeconds, notReachedSeconds] = [20, 2];

/** One namespace serves a word on port 8080, another fetches it; undefined when it cannot connect. The port is free again afterwards. */
async function ask(
  server: string,
  client: string,
  address: string,
  waitSeconds = reachedSeconds,
): Promise<string | undefined> {
  const serve = ["nc", "-l", "-p", "8080", "-e", "echo", "hello"];
  const child = spawn("nsenter", [`--net=/run/netns/${server}`, busybox, ...serve], { stdio: "ignore" });
  const ended = once(child, "exit");
  try {
    const listens = (text: string) => {
      assert.equal(child.exitCode, null, "nobody listens");
      return text.includes("8080");
    };
    await untilInside("somebody listens", listens, server, "ss", "-Hltn", "sport", "=", "8080");
    const fetch = ["nc", "-w", String(waitSeconds), address, "8080"];
    const options = { encoding: "utf8", timeout: 60_000 } as const;
    const { status, stdout } = spawnSync("nsenter", [`--net=/run/netns/${client}`, busybox, ...fetch], options);
    return status === 0 ? stdout.trim() : undefined;
  } finally {
    child.kill("SIGKILL");
    await ended;
  }
}

/** The lines of the answer of the metadata service; undefined when it cannot be reached. */
async function http(namespace: string, request: string, ...headers: string[]): Promise<string[] | undefined> {
  const seconds = namespace === names.guest ? reachedSeconds : notReachedSeconds;
  const argv = [`--net=/run/netns/${namespace}`, busybox, "nc", "-w", String(seconds), "169.254.169.254", "80"];
  const child = spawn("nsenter", argv, { stdio: ["pipe", "pipe", "ignore"] });
  child.stdin.on("error", () => undefined);
  child.stdin.write([`${request} HTTP/1.1`, "Host: x", "Connection: close", ...headers, "", ""].join("\r\n"));
  const text = await readText(child.stdout);
  return text === "" ? undefined : text.trimEnd().split(/\r?\n/);
}
