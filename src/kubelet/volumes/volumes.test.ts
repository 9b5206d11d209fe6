import assert from "node:assert/strict";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import pino from "pino";
import { StatusError, TerminalError } from "../../base/errors.ts";
import type { KubeletContext } from "../context.ts";
import { aPod, mainContainer } from "../pods/fixture.ts";
import { newPodMemory } from "../pods/memory.ts";
import { writeAtomically } from "./atomic-write.ts";
import { type Payload, type PayloadInput, payloadOf } from "./payload.ts";
import { refreshVolumes } from "./projected.ts";
import { resolveSubPath } from "./sub-path.ts";

const dir = mkdtempSync(join(tmpdir(), "vmpod-volumes-"));
after(() => rmSync(dir, { recursive: true }));

const files = (content: Record<string, string>): Payload =>
  new Map(Object.entries(content).map(([path, text]) => [path, { content: Buffer.from(text), mode: 0o640 }]));

describe("a volume's files", () => {
  const volume = join(dir, "volume");
  mkdirSync(volume);
  const visible = (): string[] => readdirSync(volume).filter((name) => !name.startsWith(".."));

  test("are all there, with their modes", async () => {
    assert.equal(await writeAtomically(volume, files({ a: "1", "sub/b": "2" })), true);
    assert.equal(readFileSync(join(volume, "a"), "utf8") + readFileSync(join(volume, "sub/b"), "utf8"), "12");
    assert.equal(statSync(join(volume, "a")).mode & 0o777, 0o640);
  });

  test("are left alone when nothing changed", async () => {
    const version = readlinkSync(join(volume, "..data"));
    assert.equal(await writeAtomically(volume, files({ a: "1", "sub/b": "2" })), false);
    assert.equal(readlinkSync(join(volume, "..data")), version);
  });

  test("change together, and old ones go", async () => {
    assert.equal(await writeAtomically(volume, files({ a: "3", c: "4" })), true);
    assert.deepEqual(visible().sort(), ["a", "c"]);
    assert.equal(readFileSync(join(volume, "a"), "utf8"), "3");
    assert.equal(readdirSync(volume).length, 4, "a, c, ..data and one version");
  });
});

test("volumes are kept current each for itself: a Secret that is gone does not hold back the others", async () => {
  const volumes = [
    { name: "gone", secret: { secretName: "gone" } },
    { name: "there", configMap: { name: "there" } },
  ];
  const memory = newPodMemory();
  for (const { name } of volumes) {
    const hostPath = join(dir, `refreshed-${name}`);
    mkdirSync(hostPath);
    await writeAtomically(hostPath, files({ a: "old" }));
    memory.volumes.set(name, { hostPath, readOnly: true });
  }
  const client = {
    get: (_: unknown, { name }: { name: string }) =>
      name === "there" ? Promise.resolve({ data: { a: "new" } }) : Promise.reject(new StatusError("NotFound", name)),
  };
  const context = { client, log: pino({ level: "silent" }), machine: {} } as unknown as KubeletContext;
  await refreshVolumes(context, aPod({ volumes }), memory);
  const content = (name: string): string => readFileSync(join(dir, `refreshed-${name}`, "a"), "utf8");
  assert.deepEqual([content("gone"), content("there")], ["old", "new"]);
});

describe("what is in a volume", () => {
  const values: Record<string, Record<string, Buffer>> = { cm: { k: Buffer.from("v"), other: Buffer.from("o") } };
  const input: PayloadInput = {
    pod: aPod({}, {}, { labels: { app: "x" } }),
    facts: { nodeName: "node", hostIp: "192.0.2.1", podIps: [], allocatable: { cpu: "4" } },
    references: {
      configMap: (name) => Promise.resolve(values[name]),
      secret: () => Promise.resolve(undefined),
    },
    token: () => Promise.resolve("t0ken"),
  };
  const read = async (volume: object): Promise<Record<string, string>> => {
    const payload = await payloadOf(input, { name: "v", ...volume });
    return Object.fromEntries([...payload].map(([path, { content }]) => [path, content.toString()]));
  };

  test("all keys, or those picked", async () => {
    assert.deepEqual(await read({ configMap: { name: "cm" } }), { k: "v", other: "o" });
    assert.deepEqual(await read({ configMap: { name: "cm", items: [{ key: "k", path: "d/f" }] } }), { "d/f": "v" });
  });

  test("what is missing is an error, unless optional", async () => {
    await assert.rejects(read({ secret: { secretName: "none" } }), TerminalError);
    await assert.rejects(read({ configMap: { name: "cm", items: [{ key: "none", path: "f" }] } }), TerminalError);
    assert.deepEqual(await read({ secret: { secretName: "none", optional: true } }), {});
  });

  test("no path leads out", async () => {
    for (const path of ["../f", "/f", "a/../../f"]) {
      await assert.rejects(read({ configMap: { name: "cm", items: [{ key: "k", path }] } }), TerminalError, path);
    }
  });

  test("projected: everything side by side", async () => {
    const sources = [
      { serviceAccountToken: { path: "token" } },
      { configMap: { name: "cm", items: [{ key: "k", path: "k" }] } },
      { downwardAPI: { items: [{ path: "labels", fieldRef: { fieldPath: "metadata.labels" } }] } },
      {
        downwardAPI: {
          items: [{ path: "cpu", resourceFieldRef: { containerName: mainContainer.name, resource: "limits.cpu" } }],
        },
      },
    ];
    assert.deepEqual(await read({ projected: { sources } }), { token: "t0ken", k: "v", labels: 'app="x"', cpu: "4" });
  });
});

describe("subPath", () => {
  const root = join(dir, "root");
  mkdirSync(join(root, "in"), { recursive: true });
  symlinkSync("/etc", join(root, "out"));
  symlinkSync("in", join(root, "link"));

  test("stays inside the volume; what is missing is made", async () => {
    assert.equal(await resolveSubPath(root, "in"), join(root, "in"));
    assert.equal(await resolveSubPath(root, "link"), join(root, "in"));
    assert.equal(await resolveSubPath(root, "new/deep"), join(root, "new/deep"));
  });

  test("is refused when it leads out", async () => {
    for (const path of ["..", "in/../..", "/etc", "out", "out/passwd", "out/new"]) {
      await assert.rejects(resolveSubPath(root, path), TerminalError, path);
    }
  });
});
