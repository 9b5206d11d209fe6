import assert from "node:assert/strict";
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { createLogger } from "../base/log.ts";
import { type Authority, ensureCa } from "./authority.ts";
import { issueCertificate } from "./certificate.ts";
import { followKeyPair, type MountedKeyPair, readKeyPair } from "./mounted-key-pair.ts";

const intervalMs = 5;

describe("a mounted key pair", () => {
  let directory = "";
  let authority: Authority;
  const stopping = new AbortController();
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "vmpod-mounted-"));
    authority = await ensureCa(directory);
  });
  after(async () => {
    stopping.abort();
    await rm(directory, { recursive: true });
  });

  const issue = async (): Promise<MountedKeyPair> => {
    const request = { commonName: "x", usages: ["server" as const] };
    return { ...(await issueCertificate(authority, request)), caPem: authority.certificatePem };
  };
  let versions = 0;

  /** As the kubelet does: a new directory, and one link that is swapped for another. */
  async function mount(at: string, pair: MountedKeyPair): Promise<void> {
    versions += 1;
    const version = `..${versions}`;
    await mkdir(join(at, version), { recursive: true });
    const files = { "tls.crt": pair.certificatePem, "tls.key": pair.keyPem, "ca.crt": pair.caPem };
    for (const [name, content] of Object.entries(files)) await writeFile(join(at, version, name), content);
    await symlink(version, join(at, "..data_tmp"));
    await rename(join(at, "..data_tmp"), join(at, "..data"));
    for (const name of Object.keys(files))
      await symlink(join("..data", name), join(at, name)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "EEXIST") throw error;
      });
  }

  it("is read again when its link is swapped", async () => {
    const at = join(directory, "swapped");
    const [first, second] = [await issue(), await issue()];
    await mount(at, first);
    const followed = await followKeyPair(at, { log: createLogger("test"), signal: stopping.signal, intervalMs });
    assert.deepEqual(followed.current(), first);
    const changed = new Promise<void>((resolve) => followed.onChange(resolve));
    await mount(at, second);
    await changed;
    assert.deepEqual(followed.current(), second);
  });

  it("keeps the old pair while the new one is not whole", async () => {
    const at = join(directory, "broken");
    const [first, second, third] = [await issue(), await issue(), await issue()];
    await mount(at, first);
    const followed = await followKeyPair(at, { log: createLogger("test"), signal: stopping.signal, intervalMs });
    const changes: string[] = [];
    const done = new Promise<void>((resolve) => {
      followed.onChange(() => {
        changes.push(followed.current().certificatePem);
        resolve();
      });
    });
    await mount(at, { ...second, keyPem: first.keyPem });
    await assert.rejects(readKeyPair(at), /tls\.key is not the key of tls\.crt/);
    await mount(at, { ...second, certificatePem: "" });
    await mount(at, third);
    await done;
    assert.deepEqual(changes, [third.certificatePem]);
  });

  it("must be there at the start", async () => {
    await assert.rejects(
      followKeyPair(join(directory, "none"), { log: createLogger("test"), signal: stopping.signal }),
      {
        code: "ENOENT",
      },
    );
  });
});
