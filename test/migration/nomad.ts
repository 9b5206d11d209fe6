/**
 * A guest that counts: each number is written to a file, to a sector of its claim and to one of an empty disk in its pod, all
 * flushed, and only then published. What it published it must have, wherever it has been since. Whenever it counts it reads the empty
 * disk anew, and notes when that does not hold what was written to it.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type ApiTools, eventually } from "../embedded/instance.ts";
import { machine, service } from "../embedded/machines.ts";
import { podProcesses, type PodProcess, qemusOf } from "../embedded/processes.ts";

export const name = "nomad";
const sectorBytes = 512;
const bootMs = 180_000;

const count = [
  "i=0",
  "while true",
  "do i=$((i+1))",
  "echo $i >>/numbers",
  "sync /numbers",
  ...["vdc", "vdd"].map(
    (disk) => `printf "%-${sectorBytes}s" $i | dd of=/dev/${disk} bs=${sectorBytes} seek=$i conv=notrunc,fsync`,
  ),
  "echo 1 >/proc/sys/vm/drop_caches",
  `[ $(dd if=/dev/vdd bs=${sectorBytes} skip=1 count=$i | wc -w) = $i ] || echo $i >>/www/lost`,
  "cp /numbers /www/numbers.new",
  "mv /www/numbers.new /www/numbers",
  "sleep 0.05",
  "done",
].join("; ");

export interface Nomad {
  bootId: string;
  create(): Promise<void>;
  /** The numbers in the guest's file. */
  numbers(): Promise<number[]>;
  fetch(path: string): Promise<string | undefined>;
  /** Starts a migration. @returns its name */
  migrate(): string;
  /** Waits for its end. @returns its phase */
  outcome(migration: string, timeoutMs?: number): Promise<string>;
  migrationField(migration: string, path: string): string;
  vmiField(path: string): string;
  qemus(): PodProcess[];
  /** QEMU of a launcher. */
  qemuOf(pod: string): PodProcess | undefined;
  /** The numbers on the claim, read on the host from the first sector to the first empty one. */
  numbersOnClaim(): number[];
}

export interface NomadOptions {
  /** What makes its claim `ledger`. */
  claim?: object[];
  evictionStrategy?: string;
}

const ownClaim = {
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: { name: "ledger" },
  spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "16Mi" } } },
};

/** @param instance whose `name` begins the cgroups of its pods */
export function createNomad(
  instance: ApiTools & { name: string },
  { claim = [ownClaim], evictionStrategy }: NomadOptions = {},
): Nomad {
  const { kubectl, fieldOf } = instance;
  let address = "";
  let migrations = 0;

  async function fetchText(path: string): Promise<string | undefined> {
    const url = `http://${address}/${path}`;
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
    const text = answer?.ok ? (await answer.text().catch(() => "")).trim() : "";
    return text === "" ? undefined : text;
  }

  const nomad: Nomad = {
    bootId: "",
    async create() {
      const runcmd = [
        "echo nothing >/www/lost",
        "cp /proc/sys/kernel/random/boot_id /www/boot-id",
        `(${count}) >/dev/null 2>&1 &`,
      ];
      const volumes = [
        { name: "ledger", persistentVolumeClaim: { claimName: "ledger" } },
        { name: "scratch", emptyDisk: { capacity: "16Mi" } },
      ];
      instance.apply(
        ...claim,
        machine({ name, runcmd, volumes, ...(evictionStrategy && { evictionStrategy }) }),
        service(name),
      );
      address = fieldOf(`service/${name}`, ".spec.clusterIP");
      nomad.bootId = await eventually("the guest answers", bootMs, () => fetchText("boot-id"));
      await eventually("the guest counts", bootMs, () => fetchText("numbers"));
    },
    async numbers() {
      const text = await eventually("the guest answers", 30_000, () => fetchText("numbers"));
      return text.split("\n").map(Number);
    },
    fetch: fetchText,
    migrate() {
      migrations += 1;
      const migration = `move-${migrations}`;
      const spec = { vmiName: name };
      instance.apply({
        apiVersion: "kubevirt.io/v1",
        kind: "VirtualMachineInstanceMigration",
        metadata: { name: migration },
        spec,
      });
      return migration;
    },
    outcome: (migration, timeoutMs = 60_000) =>
      eventually(
        `${migration} ends`,
        timeoutMs,
        () => {
          const phase = fieldOf(`vmim/${migration}`, ".status.phase");
          return phase === "Succeeded" || phase === "Failed" ? phase : undefined;
        },
        () => kubectl("get", "vmim,vmi,pods", "-o", "wide"),
      ),
    migrationField: (migration, path) => fieldOf(`vmim/${migration}`, path),
    vmiField: (path) => fieldOf(`vmi/${name}`, path),
    qemus: () => qemusOf(instance.name, name),
    qemuOf(pod) {
      const uid = fieldOf(`pod/${pod}`, ".metadata.uid");
      return podProcesses(instance.name).find(
        (each) => each.podUid === uid && uid !== "" && each.name.startsWith("qemu-system"),
      );
    },
    numbersOnClaim() {
      const volume = fieldOf("pvc/ledger", ".spec.volumeName");
      const image = readFileSync(join(fieldOf(`pv/${volume}`, ".spec.hostPath.path"), "disk.img"));
      const found: number[] = [];
      for (let index = 1; (index + 1) * sectorBytes <= image.length; index++) {
        const text = image
          .subarray(index * sectorBytes, (index + 1) * sectorBytes)
          .toString("latin1")
          .trim();
        if (!/^\d+$/.test(text)) break;
        found.push(Number(text));
      }
      return found;
    },
  };
  return nomad;
}
