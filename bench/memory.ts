/** What a machine costs in memory beside its guest's RAM, process by process, next to a bare QEMU with the same arguments. */
import { eventually, type TestInstance } from "../test/embedded/instance.ts";
import { machine } from "../test/embedded/machines.ts";
import { podMemories, pssBytesOf } from "../test/embedded/pod-memory.ts";
import { qemusOf } from "../test/embedded/processes.ts";
import { importTinyGuest, tinyGuestImage, tinyMemory } from "../test/embedded/tiny-guest.ts";
import { startBareQemu } from "./lib/bare-qemu.ts";
import { timeStart, withInstance } from "./lib/bench-instance.ts";
import { median, type Row, rounded, writeReport } from "./lib/report.ts";

const machines = 20;
const guestMebibytes = Number.parseInt(tinyMemory, 10);
const names = Array.from({ length: machines }, (_, index) => `dense${index}`);

await withInstance(async (instance) => {
  await importTinyGuest(instance);
  instance.apply(...names.map((name) => machine({ name, memory: tinyMemory, image: tinyGuestImage })));
  await Promise.all(names.map((name) => timeStart(instance, name)));
  await Promise.all(names.map((name) => answers(instance, name)));
  const [sample] = qemusOf(instance.name, names[0] ?? "");
  if (!sample) throw new Error("the first machine has no QEMU");
  const bare = await startBareQemu(sample);
  try {
    const pods = podMemories(instance.name).map(inMebibytes);
    const middle = (part: keyof (typeof pods)[number]) => median(pods.map((pod) => pod[part]));
    const bareQemu = mebibytes(pssBytesOf(bare.pid));
    const rows = [
      ...pods.map((pod, index) => row(`pod ${index + 1}`, pod)),
      row("median", { shim: middle("shim"), pause: middle("pause"), dnsmasq: middle("dnsmasq"), qemu: middle("qemu") }),
      row("bare QEMU", { shim: 0, pause: 0, dnsmasq: 0, qemu: bareQemu }),
    ];
    const worst = Math.max(...pods.map(({ shim, pause }) => shim + pause));
    const text = `${machines} machines of ${guestMebibytes} MiB side by side, created at once; each runs, its guest agent is connected and its web server answers; PSS in MiB from /proc/PID/smaps_rollup. QEMU's PSS includes what the guest touched of its RAM and the code that TCG generated. The bare QEMU was started by hand in the same run, with the same arguments and disk. Shim and pause together cost at most ${rounded(worst)} MiB a pod.`;
    writeReport({ name: "memory", title: "Memory of a machine's pod", text, rows });
  } finally {
    await bare.stop();
  }
});

/** @throws when its web server does not */
async function answers({ fieldOf }: TestInstance, name: string): Promise<void> {
  const address = fieldOf(`vmi/${name}`, ".status.interfaces[0].ipAddress");
  await eventually(`${name} answers on ${address}`, 120_000, async () => {
    const answer = await fetch(`http://${address}/`, { signal: AbortSignal.timeout(10_000) }).catch(() => undefined);
    return answer && true;
  });
}

interface Parts {
  shim: number;
  pause: number;
  dnsmasq: number;
  qemu: number;
}

function row(pod: string, { shim, pause, dnsmasq, qemu }: Parts): Row {
  return {
    pod,
    "guest RAM": guestMebibytes,
    QEMU: rounded(qemu),
    shim: rounded(shim),
    pause: rounded(pause, 2),
    dnsmasq: rounded(dnsmasq, 2),
    "shim + pause": rounded(shim + pause),
  };
}

function inMebibytes({ shim, pause, dnsmasq, qemu }: Parts): Parts {
  return { shim: mebibytes(shim), pause: mebibytes(pause), dnsmasq: mebibytes(dnsmasq), qemu: mebibytes(qemu) };
}

function mebibytes(bytes: number): number {
  return bytes / 2 ** 20;
}
