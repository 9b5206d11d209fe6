/** vmpod's commands against the running resident. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { eventually, succeed } from "../../embedded/instance.ts";
import { answers, bootMs, launcherOf, read, refusal, stopMs } from "../facts.ts";
import { privateKey, scratch } from "../ssh-key.ts";
import type { Scenario, Target } from "../target.ts";

const vm = "vm/resident";

export const verbs: Scenario[] = [
  {
    name: "vmpod guestosinfo, userlist, fslist",
    play: (target) =>
      ["guestosinfo", "userlist", "fslist"].map((verb) => Object.keys(JSON.parse(said(target, verb, "resident")))),
  },
  {
    name: "vmpod logs",
    play(target) {
      assert.match(said(target, "logs", "resident", "--tail=200"), /login:/);
    },
  },
  {
    name: "vmpod ssh passes output and status",
    play(target) {
      const { status, stdout } = target.vmpod("ssh", ...login, `vmpod@${vm}`, "-c", "hostname; exit 7");
      return { status, stdout };
    },
  },
  {
    name: "vmpod scp, there and back",
    play(target) {
      const [there, back] = [scratch(`${target.name}-there`), scratch(`${target.name}-back`)];
      writeFileSync(there, Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251)));
      said(target, "scp", ...login, there, `vmpod@${vm}:/tmp/copied`);
      said(target, "scp", ...login, `vmpod@${vm}:/tmp/copied`, back);
      assert.ok(readFileSync(there).equals(readFileSync(back)));
    },
  },
  {
    name: "vmpod vnc screenshot",
    play(target) {
      const file = scratch(`${target.name}.png`);
      said(target, "vnc", "screenshot", "resident", "-f", file);
      return readFileSync(file).subarray(1, 4).toString();
    },
  },
  {
    name: "vmpod expand",
    play(target) {
      const { spec } = JSON.parse(said(target, "expand", "--vm", "resident", "-o", "json")) as { spec: object };
      return Object.keys(spec).sort();
    },
  },
  {
    name: "vmpod version",
    play: (target) => said(target, "version").split("\n").length,
  },
  {
    name: "vmpod reset: another boot of the same instance",
    async play(target) {
      const [before, boot] = [read(target, "vmi/resident").metadata.uid, bootId(target)];
      assert.notEqual(boot, undefined);
      said(target, "reset", "resident");
      await eventually(`${target.name}: another boot`, bootMs, () => {
        const now = bootId(target);
        return now !== undefined && now !== boot ? now : undefined;
      });
      await answers(target, "resident");
      assert.equal(read(target, "vmi/resident").metadata.uid, before);
    },
  },
  {
    name: "vmpod migrate: another pod, the same boot",
    async play(target) {
      const [pod, boot] = [launcherOf(target, "resident").metadata.uid, bootId(target)];
      said(target, "migrate", "resident");
      const path = ".status.migrationState.completed} {.status.migrationState.failed";
      const end = await eventually(
        `${target.name}: the end of its migration`,
        stopMs,
        () => /^true (true)?$/.exec(target.fieldOf("vmi/resident", path)) ?? undefined,
        () => target.tryKubectl(["get", "vmim,pods", "-o", "wide"]).stdout,
      );
      assert.equal(end[0], "true ");
      await eventually(`${target.name}: one pod`, stopMs, () =>
        target.kubectl("get", "pods", "-l", "vm.kubevirt.io/name=resident", "-o", "name").trim().includes("\n")
          ? undefined
          : true,
      );
      assert.notEqual(launcherOf(target, "resident").metadata.uid, pod);
      assert.equal(await eventually(`${target.name}: it answers`, stopMs, () => bootId(target)), boot);
      return refusal(target.vmpod("migrate-cancel", "resident"));
    },
  },
];

/** @throws when the command fails */
function said(target: Target, ...args: string[]): string {
  return succeed(target.vmpod(...args), `vmpod ${args.join(" ")}`);
}

/** The guest makes its host key anew at each boot. */
const login = ["-i", privateKey, "--known-hosts", "/dev/null"];

function bootId(target: Target): string | undefined {
  const command = "cat /proc/sys/kernel/random/boot_id";
  const { status, stdout } = target.vmpod("ssh", ...login, `vmpod@${vm}`, "-c", command);
  return status === 0 ? stdout.trim() : undefined;
}
