/**
 * A guest that counts, and writes down what it counts (./ledger.ts). Whenever it does it reads the empty disk anew, and notes when that
 * does not hold what was written to it. It tells which processors it uses and how much memory it has.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type ApiTools, eventually } from "../embedded/instance.ts";
import { machine, service } from "../embedded/machines.ts";
import { podProcesses, type PodProcess, qemusOf } from "../embedded/processes.ts";
import { entriesOn, type Ledger, ledgerAt, lossesOf, sectorBytes } from "./ledger.ts";

export const name = "nomad";
const bootMs = 180_000;
const answerMs = 60_000;

const count = [
  "i=0",
  "while true",
  "do i=$((i+1))",
  "read word </proc/sys/kernel/random/uuid",
  'echo "$i $word" >>/numbers',
  "sync /numbers",
  ...["vdc", "vdd"].map(
    (disk) => `printf "%-${sectorBytes}s" "$i $word" | dd of=/dev/${disk} bs=${sectorBytes} seek=$i conv=notrunc,fsync`,
  ),
  "echo 1 >/proc/sys/vm/drop_caches",
  `[ $(dd if=/dev/vdd bs=${sectorBytes} skip=1 count=$i | wc -w) = $((2*i)) ] || echo $i >>/www/lost`,
  "cat /sys/devices/system/cpu/online >/www/processors",
  "awk '/^MemTotal/ {print $2}' /proc/meminfo >/www/memory",
  "cp /numbers /www/numbers.new",
  "mv /www/numbers.new /www/numbers",
  "sleep 0.05",
  "done",
].join("; ");

export interface Nomad extends Ledger {
  bootId: string;
  create(): Promise<void>;
  /** How many entries it has published. */
  published(): Promise<number>;
  /** Whether everything that it wrote is there, and at least as much as it had published before. */
  assertWhole(published: number, what?: string): Promise<void>;
  /** Starts a migration. @returns its name */
  migrate(): string;
  /** Waits for its end. @returns its phase */
  outcome(migration: string, timeoutMs?: number): Promise<string>;
  migrationField(migration: string, path: string): string;
  vmiField(path: string): string;
  qemus(): PodProcess[];
  /** QEMU of a launcher. */
  qemuOf(pod: string): PodProcess | undefined;
  /** Waits until no migration goes on, and one QEMU and one launcher are left. @returns the launcher's name */
  settled(): Promise<string>;
  /** Read on the host. */
  entriesOnClaim(): string[];
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

const podNames = "jsonpath={.items[*].metadata.name}";

/** @param instance whose `name` begins the cgroups of its pods */
export function createNomad(
  instance: ApiTools & { name: string },
  { claim = [ownClaim], evictionStrategy }: NomadOptions = {},
): Nomad {
  const { kubectl, fieldOf } = instance;
  let address = "";
  let migrations = 0;

  const ledger = ledgerAt(() => address);
  const published = () => eventually("the guest has published", answerMs, () => ledger.entries());

  const nomad: Nomad = {
    ...ledger,
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
        machine({
          name,
          runcmd,
          volumes,
          devices: { tpm: {} },
          maxMemory: "384Mi",
          ...(evictionStrategy && { evictionStrategy }),
        }),
        service(name),
      );
      address = fieldOf(`service/${name}`, ".spec.clusterIP");
      nomad.bootId = await eventually("the guest answers", bootMs, () => ledger.fetch("boot-id"));
      await eventually("the guest counts", bootMs, () => ledger.entries());
    },
    published: async () => (await published()).length,
    async assertWhole(before, what) {
      const entries = await published();
      const lost = await eventually("the guest answers", answerMs, () => ledger.fetch("lost"));
      assert.deepEqual(lossesOf({ entries, onClaim: nomad.entriesOnClaim(), lost }, before), [], what);
    },
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
    outcome: (migration, timeoutMs = 180_000) =>
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
    settled: () =>
      eventually(
        "one launcher is left",
        answerMs,
        () => {
          const phases = kubectl("get", "vmim", "-o", "jsonpath={.items[*].status.phase}").split(" ").filter(Boolean);
          const pods = kubectl("get", "pods", "-l", `vm.kubevirt.io/name=${name}`, "-o", podNames).split(" ");
          const isOver = phases.every((phase) => phase === "Succeeded" || phase === "Failed");
          return isOver && pods.length === 1 && nomad.qemus().length === 1 ? pods[0] : undefined;
        },
        () => kubectl("get", "vmim,vmi,pods", "-o", "wide"),
      ),
    entriesOnClaim() {
      const volume = fieldOf("pvc/ledger", ".spec.volumeName");
      return entriesOn(readFileSync(join(fieldOf(`pv/${volume}`, ".spec.hostPath.path"), "disk.img")));
    },
  };
  return nomad;
}
