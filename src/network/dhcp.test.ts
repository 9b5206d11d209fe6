import assert from "node:assert/strict";
import { test } from "node:test";
import { dhcpArgv } from "./dhcp-argv.ts";
import { guestNetwork } from "./network.fixture.ts";
import { podCgroups } from "./pod-cgroup.ts";
import { planDhcp } from "./reconcile-network.ts";
import { parseResolvConf } from "./resolv-conf.ts";

const answers = {
  network: guestNetwork(),
  resolver: {
    servers: ["10.43.0.10"],
    servers6: ["fd00::a"],
    searchDomains: ["a.svc.cluster.local", "svc.cluster.local"],
  },
  hostname: "legacy",
  pidFile: "/run/x/uid.pid",
};

test("one address for one card, with everything a guest needs to know", () => {
  const argv = dhcpArgv(answers);
  for (const expected of [
    "--dhcp-host=02:11:22:33:44:55,10.0.2.2,legacy,infinite",
    "--dhcp-range=10.0.2.2,static,255.255.255.0,infinite",
    "--dhcp-option-force=option:router,10.0.2.1",
    "--dhcp-option-force=option:mtu,1450",
    "--dhcp-option-force=option:dns-server,10.43.0.10",
    "--dhcp-option-force=option:domain-search,a.svc.cluster.local,svc.cluster.local",
    "--user=nobody",
    "--port=0",
  ]) {
    assert.ok(argv.includes(expected), expected);
  }
});

test("an address of IPv6 goes to the same card, with a route by advertisement", () => {
  const ipv6 = { routerAddress: "fd10:0:2::1", guestAddress: "fd10:0:2::2", prefixLength: 120 };
  const argv = dhcpArgv({ ...answers, network: { ...answers.network, ipv6 } });
  for (const expected of [
    "--enable-ra",
    "--dhcp-range=fd10:0:2::2,static,120,infinite",
    "--dhcp-host=02:11:22:33:44:55,10.0.2.2,[fd10:0:2::2],legacy,infinite",
    "--dhcp-option-force=option6:dns-server,[fd00::a]",
    "--dhcp-option-force=option6:domain-search,a.svc.cluster.local,svc.cluster.local",
  ]) {
    assert.ok(argv.includes(expected), expected);
  }
  assert.ok(!dhcpArgv(answers).some((argument) => /option6|enable-ra|\[/.test(argument)), "where the pod has none");
});

test("what a machine asks to be told: nothing in a text is an option of dnsmasq's", () => {
  const argv = dhcpArgv({
    ...answers,
    extraOptions: [
      { code: 66, value: { knownText: "10.0.0.1,x" } },
      { code: 225, value: { text: "10.0.0.1,x" } },
      { code: 224, value: { text: "a" } },
      { code: 42, value: { addresses: ["10.0.0.1", "10.0.0.2"] } },
    ],
  });
  assert.deepEqual(argv.slice(-4), [
    "--dhcp-option-force=66,10.0.0.1,x",
    "--dhcp-option-force=225,31:30:2e:30:2e:30:2e:31:2c:78",
    "--dhcp-option-force=224,97",
    "--dhcp-option-force=42,10.0.0.1,10.0.0.2",
  ]);
});

test("without a resolver nothing is said of one", () => {
  const argv = dhcpArgv({
    ...answers,
    hostname: undefined,
    resolver: { servers: [], servers6: [], searchDomains: [] },
  });
  assert.equal(argv.filter((argument) => argument.includes("dns-server") || argument.includes("domain")).length, 0);
  assert.ok(argv.includes("--dhcp-host=02:11:22:33:44:55,10.0.2.2,infinite"));
});

test("an answerer is kept only if it is the same, in the same namespace", () => {
  const argv = dhcpArgv(answers);
  const running = { pid: 7, argv, pidFile: answers.pidFile, netns: "net:[1]" };
  assert.deepEqual(planDhcp(argv, "net:[1]", []), { stop: [], start: true });
  assert.deepEqual(planDhcp(argv, "net:[1]", [running]), { stop: [], start: false });
  assert.deepEqual(planDhcp(argv, "net:[2]", [running]), { stop: [running], start: true });
  const other = { ...running, argv: [...argv, "--other"] };
  assert.deepEqual(planDhcp(argv, "net:[1]", [other, running]), { stop: [other], start: false });
});

test("a guest cannot use the pod's loopback resolver, and has servers of each family", () => {
  const text =
    "# made by\nnameserver 127.0.0.53\nnameserver 10.43.0.10 ; cluster\nnameserver fd00::a\nsearch a.b  b .\noptions ndots:5\n";
  assert.deepEqual(parseResolvConf(text), {
    servers: ["10.43.0.10"],
    servers6: ["fd00::a"],
    searchDomains: ["a.b", "b"],
  });
  assert.deepEqual(parseResolvConf(""), { servers: [], servers6: [], searchDomains: [] });
});

const uid = "f72d89f1-ed0e-4f6e-b568-fa8fa257e953";
const slice = `kubepods-burstable-pod${uid.replaceAll("-", "_")}.slice`;

const cgroups: [what: string, cgroup: string, expected: string[]][] = [
  [
    "v1, cgroupfs driver",
    `9:name=systemd:/kubepods/besteffort/pod${uid}/abc\n4:cpu,cpuacct:/kubepods/besteffort/pod${uid}/abc\n3:cpuset:/\n`,
    [
      `/sys/fs/cgroup/systemd/kubepods/besteffort/pod${uid}`,
      `/sys/fs/cgroup/cpu,cpuacct/kubepods/besteffort/pod${uid}`,
    ],
  ],
  [
    "v1, systemd driver, beside a v2 of no importance",
    `4:memory:/kubepods.slice/${slice}/cri-containerd-abc.scope\n0::/kubepods.slice/${slice}/cri-containerd-abc.scope\n`,
    [`/sys/fs/cgroup/memory/kubepods.slice/${slice}`],
  ],
  ["v2, cgroupfs driver", `0::/kubepods/pod${uid}/abc\n`, [`/sys/fs/cgroup/kubepods/pod${uid}/vmpod-dhcp`]],
  [
    "v2, systemd driver",
    `0::/kubepods.slice/kubepods-burstable.slice/${slice}/crio-abc.scope\n`,
    [`/sys/fs/cgroup/kubepods.slice/kubepods-burstable.slice/${slice}/vmpod-dhcp`],
  ],
  ["v2, from within a cgroup namespace", `0::/../../${slice}/cri-containerd-abc.scope\n`, []],
  ["another pod's", "0::/kubepods/podx/abc\n", []],
];

for (const [what, cgroup, expected] of cgroups) {
  test(`the cgroups of a pod's helper: ${what}`, () => {
    assert.deepEqual(podCgroups(cgroup, uid), expected);
    assert.deepEqual(podCgroups(cgroup, ""), []);
  });
}

test("a name that is none becomes no option", () => {
  const hostile = {
    servers: ["10.43.0.10"],
    servers6: [],
    searchDomains: ["good.example", "bad,option:router", "two\nlines"],
  };
  const argv = dhcpArgv({ ...answers, hostname: "a,set:tag", resolver: hostile });
  assert.ok(!argv.some((argument) => /set:tag|bad|two/.test(argument)), argv.join(" "));
  assert.ok(argv.includes("--dhcp-option-force=option:domain-search,good.example"));
});
