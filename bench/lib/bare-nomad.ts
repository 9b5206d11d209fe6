/** The guest that counts (test/migration/nomad.ts), outside of any pod: moved from one bare QEMU of the host to the next. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { VirtualMachineInstance } from "../../api/kubevirt/types.ts";
import { macOf, podInterface } from "../../src/node/domain/desired-devices.ts";
import { launcherPaths } from "../../src/qemu/domain/paths.ts";
import { eventually } from "../../test/embedded/instance.ts";
import type { PodProcess } from "../../test/embedded/processes.ts";
import { entriesOn, type Ledger, ledgerAt } from "../../test/migration/ledger.ts";
import { type BareGuest, type BareGuestPlan, startBareGuest } from "./bare-guest.ts";
import { moveByHand, type Pause } from "./bare-move.ts";
import { startBareNetwork } from "./bare-network.ts";
import { baseImageOf } from "./bare-qemu.ts";

export interface BareNomad extends Ledger {
  address: string;
  entriesOnClaim(): string[];
  /** To another QEMU, which is started for it. */
  move(): Promise<Pause>;
  pause(): Promise<void>;
  goOn(): Promise<void>;
  stop(): Promise<void>;
}

const bootMs = 180_000;
const claimBytes = 16 * 2 ** 20;

/** @param model the QEMU of a pod, whose instance is `vmi` */
export async function startBareNomad(model: PodProcess, vmi: VirtualMachineInstance): Promise<BareNomad> {
  const directory = mkdtempSync(join(tmpdir(), "vmpod-bare-nomad-"));
  const nic = podInterface(vmi);
  const network = await startBareNetwork(nic ? macOf(vmi, nic) : "");
  const files = copyFiles(model, directory);
  let moves = 0;
  const plan = (incoming: boolean): BareGuestPlan => ({
    ...{ model, vmi, ...files, incoming },
    directory: join(directory, String(moves)),
    tap: network.taps[moves % 2 === 0 ? 0 : 1],
  });
  let guest: BareGuest | undefined;
  const stop = async (): Promise<void> => {
    await guest?.stop();
    await network.stop();
    rmSync(directory, { recursive: true });
  };
  const running = (): BareGuest => {
    if (guest === undefined) throw new Error("the bare guest has ended");
    return guest;
  };

  const ledger = ledgerAt(() => network.guestAddress);
  try {
    guest = await startBareGuest(plan(false));
    await guest.qmp.execute("cont");
    await eventually("the bare guest counts", bootMs, () => ledger.entries());
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    ...ledger,
    address: network.guestAddress,
    entriesOnClaim: () => entriesOn(readFileSync(files.claim)),
    async move() {
      moves += 1;
      const source = running();
      const target = await startBareGuest(plan(true));
      const pause = await moveByHand({ source, target, vmi }).catch(async (error: unknown) => {
        await target.stop();
        throw error;
      });
      guest = target;
      await source.stop();
      return pause;
    },
    async pause() {
      await running().qmp.execute("stop");
    },
    async goOn() {
      await running().qmp.execute("cont");
    },
    stop,
  };
}

/** The pod may go: nothing of it is used from here on. */
function copyFiles(model: PodProcess, directory: string): Pick<BareGuestPlan, "base" | "seed" | "claim"> {
  const [base, seed, claim] = ["base.qcow2", "seed.iso", "claim.img"].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  copyFileSync(baseImageOf(model), base);
  copyFileSync(`/proc/${model.pid}/root${launcherPaths.disks}/seed.iso`, seed);
  writeFileSync(claim, "");
  truncateSync(claim, claimBytes);
  return { base, seed, claim };
}
