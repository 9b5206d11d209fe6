import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { parse } from "yaml";
import { writeKubeconfig } from "./kubeconfig.ts";

describe("writeKubeconfig", () => {
  let directory = "";
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "vmpod-kubeconfig-"));
  });
  after(() => rm(directory, { recursive: true }));

  it("writes one context that only its owner can read", async () => {
    const path = join(directory, "admin.conf");
    await writeKubeconfig(path, {
      name: "vmpod",
      server: "https://127.0.0.1:6443",
      certificateAuthorityPem: "CA",
      clientCertificatePem: "CERT",
      clientKeyPem: "KEY",
    });
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.deepEqual(parse(await readFile(path, "utf8")), {
      apiVersion: "v1",
      kind: "Config",
      "current-context": "vmpod",
      clusters: [
        { name: "vmpod", cluster: { server: "https://127.0.0.1:6443", "certificate-authority-data": "Q0E=" } },
      ],
      users: [{ name: "vmpod", user: { "client-certificate-data": "Q0VSVA==", "client-key-data": "S0VZ" } }],
      contexts: [{ name: "vmpod", context: { cluster: "vmpod", user: "vmpod" } }],
    });
  });
});
