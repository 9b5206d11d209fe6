/** Volumes that the resident's guest mounts: it has them until it is stopped, as a machine that has some is not moved. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../../embedded/instance.ts";
import type { NamedVolume } from "../../embedded/machines.ts";
import { hostPathClaim } from "../../fixtures/host-path-claim.ts";
import { becomes, bootMs, conditionPath, launcherOf, stopMs } from "../facts.ts";
import { inGuest } from "../said.ts";
import { scratch } from "../ssh-key.ts";
import type { Scenario, Target } from "../target.ts";

const vmi = "vmi/resident";
const mount = (...tags: string[]): string =>
  `for tag in ${tags.join(" ")}; do mkdir -p /mnt/$tag && mount -t virtiofs $tag /mnt/$tag; done`;

export const directories: NamedVolume[] = [
  { name: "common", persistentVolumeClaim: { claimName: "common" } },
  { name: "tuning", configMap: { name: "tuning" } },
  { name: "word", secret: { secretName: "word" } },
];

export function sourcesOfDirectories(target: Target): object[] {
  mkdirSync(sharedBy(target));
  chmodSync(sharedBy(target), 0o777); // the launcher's user writes there
  return [
    ...hostPathClaim("common", "1Mi", sharedBy(target)),
    tuning("low"),
    { apiVersion: "v1", kind: "Secret", metadata: { name: "word" }, stringData: { word: "sesame\n" } },
  ];
}

export const mounted: Scenario = {
  name: "the guest mounts a claim, which others write to as well, a ConfigMap, which is updated, and a Secret",
  async play(target) {
    writeFileSync(join(sharedBy(target), "from-outside"), "from outside\n");
    const seen = await inGuest(
      target,
      [
        mount("common", "tuning", "word"),
        "cat /mnt/common/from-outside /mnt/tuning/level /mnt/word/word",
        "echo from the guest >/mnt/common/from-guest",
        "echo no >/mnt/tuning/level || echo refused",
      ].join("; "),
    );
    assert.equal(seen, "from outside\nlow\nsesame\nrefused\n");
    const written = join(sharedBy(target), "from-guest");
    assert.deepEqual([readFileSync(written, "utf8"), statSync(written).uid], ["from the guest\n", 107]);
    await target.apply(tuning("high"));
    // A kubelet looks at a pod's ConfigMaps about once a minute, and when the pod changes.
    await target.kubectl(
      "annotate",
      `pod/${(await launcherOf(target, "resident")).metadata.name}`,
      "parity.example/touched=",
    );
    await eventually(
      `${target.name}: the guest sees the new level`,
      bootMs,
      async () => (await inGuest(target, "cat /mnt/tuning/level")) === "high\n" || undefined,
    );
    return await target.fieldOf(vmi, '.status.conditions[?(@.type=="LiveMigratable")].reason');
  },
};

export const serverKilled: Scenario = {
  name: "a directory whose server is killed is told, with what to do",
  async play(target) {
    const pod = (await launcherOf(target, "resident")).metadata.name;
    // Not the one that gets lost: a guest that unmounts it waits, and does not shut down.
    await inGuest(target, mount("common"));
    // All of its container but the first process, which ends when the server does.
    await target.tryKubectl(["exec", pod, "-c", "virtiofs-word", "--", "/bin/sh", "-c", "kill -9 -1"]);
    await becomes(target, vmi, '.status.conditions[?(@.type=="Synchronized")].reason', "FilesystemLost", stopMs);
    await becomes(target, vmi, conditionPath("Ready"), "False", stopMs);
    const { stdout } = await target.vmpod("explain", "vm/resident");
    assert.match(stdout, /has lost a file system \(filesystem word: .*vmpod restart resident/);
    assert.equal(
      await inGuest(target, "cat /mnt/common/from-guest"),
      "from the guest\n",
      "the others are served as before",
    );
  },
};

const sharedBy = ({ name }: Target): string => scratch(`${name}-common`);

function tuning(level: string): object {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "tuning" }, data: { level: `${level}\n` } };
}
