import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import fc from "../../base/property.fixture.ts";
import { GuestAgent } from "../../qemu/guest-agent/client.ts";
import type { GuestFilesystem } from "../../qemu/guest-agent/queries.ts";
import { Scrape } from "../../telemetry/scrape.ts";
import { type CollectorContext, createNodeMetrics } from "./collector.ts";
import { createGuestFigures } from "./guest-figures.ts";
import { parseInterfaceCounters, parseTaps } from "./interface-counters.ts";
import {
  parseInnerId,
  parseProcessorTime,
  parseResidentBytes,
  parseThreadTime,
  readProcess,
  readThreads,
} from "./processor-time.ts";
import { reportMachine } from "./report-machine.ts";
import type { MachineSample } from "./sample.ts";
import { driveName, readGuestMemory } from "./sample-machine.ts";

const guest = { node: "n", namespace: "default", name: "one" };
const labels = 'node="n",namespace="default",name="one"';

/** The samples of a machine, without comments. */
async function samplesOf(sample: Partial<MachineSample>): Promise<string[]> {
  const scrape = new Scrape();
  reportMachine(scrape, guest, { state: "running", panics: 0, ...sample });
  return (await scrape.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

test("what was sampled is told in the units that the names promise", async () => {
  const statistics = {
    rd_bytes: 1024,
    wr_bytes: 0,
    rd_operations: 2,
    wr_operations: 0,
    flush_operations: 1,
    rd_total_time_ns: 1_500_000_000,
    wr_total_time_ns: 0,
    flush_total_time_ns: 250_000_000,
  };
  const table: [Partial<MachineSample>, string[]][] = [
    [
      { time: { userSeconds: 1.5, systemSeconds: 0.25 } },
      [
        `kubevirt_vmi_cpu_usage_seconds_total{${labels}} 1.75`,
        `kubevirt_vmi_cpu_user_usage_seconds_total{${labels}} 1.5`,
      ],
    ],
    [
      { state: "paused", vcpus: new Map([[1, { runSeconds: 3, delaySeconds: 0.5, cpus: 2 }]]) },
      [
        `kubevirt_vmi_vcpu_seconds_total{${labels},id="1",state="paused"} 3`,
        `kubevirt_vmi_vcpu_delay_seconds_total{${labels},id="1"} 0.5`,
      ],
    ],
    [
      { guestMemory: { "stat-total-memory": 1000, "stat-swap-in": 2 ** 64, "stat-free-memory": 400 } },
      [`kubevirt_vmi_memory_available_bytes{${labels}} 1000`, `kubevirt_vmi_memory_unused_bytes{${labels}} 400`],
    ],
    [
      { drives: new Map([["root", statistics]]) },
      [
        `kubevirt_vmi_storage_read_traffic_bytes_total{${labels},drive="root"} 1024`,
        `kubevirt_vmi_storage_read_times_seconds_total{${labels},drive="root"} 1.5`,
        `kubevirt_vmi_storage_flush_times_seconds_total{${labels},drive="root"} 0.25`,
      ],
    ],
    [
      { dirtyRate: { status: "measured", "dirty-rate": 2 } },
      [`kubevirt_vmi_dirty_rate_bytes_per_second{${labels}} 2097152`],
    ],
    [
      { migration: { status: "active", ram: { transferred: 5, remaining: 6, total: 11, mbps: 8 } } },
      [
        `kubevirt_vmi_migration_data_remaining_bytes{${labels}} 6`,
        `kubevirt_vmi_migration_memory_transfer_rate_bytes{${labels}} 1000000`,
      ],
    ],
    [{ panics: 2 }, [`kubevirt_vmi_guest_os_panic_total{${labels}} 2`]],
  ];
  for (const [sample, expected] of table) {
    const samples = await samplesOf(sample);
    for (const line of expected) assert.ok(samples.includes(line), `${line}\n\n${samples.join("\n")}`);
  }
});

test("what is unknown, or over, is not told", async () => {
  const table: [Partial<MachineSample>, RegExp][] = [
    [{ guestMemory: { "stat-swap-in": 2 ** 64 } }, /swap/],
    [{ dirtyRate: { status: "measuring" } }, /dirty/],
    [{ migration: { status: "completed", ram: { transferred: 5, remaining: 0, total: 5 } } }, /migration/],
    [{ filesystems: [{ name: "vda1", mountpoint: "/", type: "ext4", disks: [] }] }, /filesystem/],
  ];
  for (const [sample, absent] of table) assert.doesNotMatch((await samplesOf(sample)).join("\n"), absent);
});

test("a guest cannot make more than so many time series, whatever it says of its file systems", async () => {
  const filesystem = fc.record({
    name: fc.string(),
    mountpoint: fc.string({ maxLength: 5000 }),
    type: fc.string(),
    usedBytes: fc.option(fc.double(), { nil: undefined }),
    totalBytes: fc.option(fc.double(), { nil: undefined }),
    disks: fc.constant<GuestFilesystem["disks"]>([]),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(filesystem, { maxLength: 100 }), async (filesystems) => {
      const samples = await samplesOf({ filesystems });
      assert.ok(samples.length <= 1 + 2 * 64);
      for (const line of samples) assert.ok(line.length < 2000, line);
    }),
    { numRuns: 50 },
  );
});

test("parsers of what the kernel says", () => {
  const stat = `42 (qemu) x) S 1 42 42 0 -1 4194560 9 0 0 0 150 25 0 0 20 0 4 0 1234 1 1 1`;
  assert.deepEqual(parseProcessorTime(stat), { userSeconds: 1.5, systemSeconds: 0.25 });
  assert.deepEqual(parseThreadTime("1500000000 250000000 12\n"), { runSeconds: 1.5, delaySeconds: 0.25 });
  assert.equal(parseResidentBytes("VmPeak:\t  900 kB\nVmRSS:\t  512 kB\n"), 512 * 1024);
  assert.equal(parseInnerId("Pid:\t900\nNSpid:\t900\t17\t3\n"), 3);
  const counters = parseInterfaceCounters(
    "Inter-|   Receive\n face |bytes packets\n    lo:   0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n  tap0: 100 2 3 4 0 0 0 0 200 5 6 7 0 0 0 0\n",
  );
  assert.deepEqual([...counters.keys()], ["lo", "tap0"]);
  assert.equal(counters.get("tap0")?.sentBytes, 100);
  assert.equal(counters.get("tap0")?.receivedBytes, 200);
  assert.equal(counters.get("tap0")?.receiveDrops, 7);
  for (const parse of [parseProcessorTime, parseThreadTime, parseResidentBytes, parseInnerId])
    assert.equal(parse(""), undefined);
  fc.assert(
    fc.property(fc.string(), (text) => {
      for (const parse of [parseProcessorTime, parseThreadTime, parseResidentBytes, parseInnerId]) parse(text);
      for (const parse of [parseInterfaceCounters, parseTaps]) assert.ok(parse(text).size <= text.length);
    }),
  );
});

test("this very process is found in /proc", async () => {
  const { time, residentBytes } = await readProcess(process.pid);
  assert.ok((time?.userSeconds ?? 0) > 0);
  assert.ok((residentBytes ?? 0) > 1024 * 1024);
  const innerPid = parseInnerId(readFileSync("/proc/self/status", "utf8"));
  assert.ok((await readThreads(process.pid)).has(innerPid ?? 0));
});

test("taps, and drives, by the names that users gave", () => {
  const network =
    " \\ net-default: index=0,type=tap,ifname=tap0,script=no,downscript=no\r\nnic: index=0,type=nic\r\nnet-x: index=0,type=user\r\n";
  assert.deepEqual([...parseTaps(network)], [["default", "tap0"]]);
  const table: [string, string | undefined][] = [
    ["/machine/peripheral/disk-root/virtio-backend", "root"],
    ["disk-cloudinit", "cloudinit"],
    ["/machine/unattached/device[21]", undefined],
    ["", undefined],
  ];
  for (const [qdev, name] of table) assert.equal(driveName(qdev), name, qdev);
});

test("statistics that the guest has not given yet are none", () => {
  assert.equal(readGuestMemory({ "last-update": 0, stats: { "stat-free-memory": 2 ** 64 } }), undefined);
  assert.deepEqual(readGuestMemory({ "last-update": 17, stats: { "stat-free-memory": 5 } }), { "stat-free-memory": 5 });
});

test("what another part tells is told beside it, and left out when it fails", async () => {
  const nobody = { list: () => [] } as unknown as CollectorContext["vmis"];
  const textWith = (otherMetrics: () => Promise<string>): Promise<string> =>
    createNodeMetrics({ vmis: nobody, nodeName: "n", otherMetrics } as CollectorContext).text();
  const own = /^kubevirt_virt_handler_ready_status 1$/m;
  const told = await textWith(() => Promise.resolve("a 1\n"));
  assert.match(told, own);
  assert.match(told, /^a 1$/m);
  assert.match(await textWith(() => Promise.reject(new Error("gone"))), own);
});

test("an agent that hangs is asked once, holds nobody up, and what it said before stays known", async () => {
  const agent = new GuestAgent("/nowhere");
  const qemu = { pid: 1, startTicks: 2 };
  let asked = 0;
  const figures = createGuestFigures(async () => {
    asked += 1;
    if (asked > 1) await delay(60_000, undefined, { ref: false });
    return { load: { oneMinute: 0.5 } };
  });
  assert.deepEqual(await figures.of(qemu, agent, 1_000), { load: { oneMinute: 0.5 } });
  for (let round = 0; round < 3; round += 1)
    assert.deepEqual(await figures.of(qemu, agent, 5), { load: { oneMinute: 0.5 } });
  assert.equal(asked, 2);
  figures.keepOnly([]);
  assert.deepEqual(await figures.of(qemu, agent, 5), {});
});
