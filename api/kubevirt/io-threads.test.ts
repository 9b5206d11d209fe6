import assert from "node:assert/strict";
import { test } from "node:test";
import { ioThreadsOf } from "./io-threads.ts";
import { sampleSpec } from "./sample.ts";
import type { Disk, VirtualMachineInstanceSpec } from "./types.ts";

const disk = (name: string, bus: string, dedicatedIOThread?: boolean): Disk => ({
  name,
  disk: { bus },
  ...(dedicatedIOThread !== undefined && { dedicatedIOThread }),
});
const three = [disk("a", "virtio"), disk("b", "virtio"), disk("c", "virtio")];
const mixed = [disk("s", "scsi"), disk("a", "virtio"), disk("own", "virtio", true), disk("slow", "sata")];

type Domain = Partial<VirtualMachineInstanceSpec["domain"]>;
const cases: [what: string, disks: Disk[], domain: Domain, count: number, ofDisk: Record<string, number>][] = [
  ["no policy", three, {}, 0, {}],
  ["a thread of its own", mixed, {}, 1, { own: 0 }],
  ["shared", mixed, { ioThreadsPolicy: "shared" }, 2, { s: 0, a: 0, own: 1 }],
  ["shared by disks that cannot use it", [disk("slow", "sata")], { ioThreadsPolicy: "shared" }, 0, {}],
  ["auto: two for a CPU", three, { ioThreadsPolicy: "auto" }, 2, { a: 0, b: 1, c: 0 }],
  [
    "auto: no more than disks",
    three,
    { ioThreadsPolicy: "auto", resources: { requests: { cpu: "4" } } },
    3,
    { a: 0, b: 1, c: 2 },
  ],
  ["auto: those of their own count", mixed, { ioThreadsPolicy: "auto" }, 2, { s: 0, a: 0, own: 1 }],
  [
    "auto: the emulator's CPU is shared by one",
    three,
    { ioThreadsPolicy: "auto", cpu: { dedicatedCpuPlacement: true, isolateEmulatorThread: true } },
    1,
    { a: 0, b: 0, c: 0 },
  ],
  [
    "a pool",
    three,
    { ioThreadsPolicy: "supplementalPool", ioThreads: { supplementalPoolThreadCount: 2 } },
    2,
    { a: 0, b: 1, c: 0 },
  ],
];
for (const [what, disks, domain, count, ofDisk] of cases) {
  test(`I/O threads: ${what}`, () => {
    const spec = sampleSpec((draft) => {
      draft.domain = { ...draft.domain, ...domain, devices: { disks } };
    });
    const threads = ioThreadsOf(spec);
    assert.deepEqual([threads.count, Object.fromEntries(threads.ofDisk)], [count, ofDisk]);
  });
}
