import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { TerminalError } from "../../base/errors.ts";
import { someVmi } from "../domain/observation.fixture.ts";
import { mediumContent } from "./build-medium.ts";
import { type Files, readMountedFiles } from "./mounted-files.ts";

const labelOffset = 16 * 2048 + 40;

function medium(volume: object, files: Files, asked: string[] = []): Promise<Buffer> {
  const mounted = (path: string) => {
    asked.push(path);
    return Promise.resolve(files);
  };
  return mediumContent({ vmi: someVmi(), mounted }, { name: "v", ...volume });
}

const labelOf = (iso: Buffer): string => iso.toString("latin1", labelOffset, labelOffset + 32).trim();

test("each kind of medium is made of what is mounted for it, under its label", async () => {
  const answers = { "Autounattend.xml": Buffer.from("<unattend/>") };
  const table: [object, string, string][] = [
    [{ sysprep: { configMap: { name: "answers" } } }, "/var/run/vmpod/config-maps/answers", "unattendCfg"],
    [{ sysprep: { secret: { name: "answers" } } }, "/var/run/vmpod/secrets/answers", "unattendCfg"],
    [{ downwardAPI: { fields: [] } }, "/var/run/vmpod/downward-api/v", "cfgdata"],
    [{ downwardAPI: { volumeLabel: "facts" } }, "/var/run/vmpod/downward-api/v", "facts"],
    [{ serviceAccount: { serviceAccountName: "robot" } }, "/var/run/secrets/kubernetes.io/serviceaccount", "cfgdata"],
  ];
  for (const [volume, path, label] of table) {
    const asked: string[] = [];
    const iso = await medium(volume, answers, asked);
    assert.deepEqual([asked, labelOf(iso)], [[path], label], JSON.stringify(volume));
    assert.ok(iso.includes("<unattend/>"));
  }
});

test("Windows' setup would not find its answers under another name", async () => {
  const volume = { sysprep: { configMap: { name: "answers" } } };
  await assert.rejects(medium(volume, { "setup.xml": Buffer.from("") }), (error) => {
    assert.ok(error instanceof TerminalError);
    assert.match(error.message, /volume v: it has no key autounattend\.xml/);
    return true;
  });
});

test("what the kubelet mounts is read with its directories, as it is now", async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "vmpod-mounted-"));
  t.after(() => rm(directory, { recursive: true }));
  await mkdir(join(directory, "..2026/facts"), { recursive: true });
  await writeFile(join(directory, "..2026/name"), "one");
  await writeFile(join(directory, "..2026/facts/labels"), "a=b");
  await symlink("..2026", join(directory, "..data"));
  await symlink("..data/name", join(directory, "name"));
  await symlink("..data/facts", join(directory, "facts"));
  assert.deepEqual(await readMountedFiles(directory), {
    name: Buffer.from("one"),
    "facts/labels": Buffer.from("a=b"),
  });
});
