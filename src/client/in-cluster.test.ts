import assert from "node:assert/strict";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { loadInClusterConfig } from "./in-cluster.ts";

function files(context: { after(work: () => void): void }): string {
  const directory = mkdtempSync(join(tmpdir(), "vmpod-token-"));
  context.after(() => rmSync(directory, { recursive: true }));
  for (const [name, content] of Object.entries({ "ca.crt": "CA", namespace: "vmpod\n", token: "first\n" }))
    writeFileSync(join(directory, name), content);
  return directory;
}

test("a pod finds its API by its environment, also over IPv6", async (context) => {
  const directory = files(context);
  for (const [env, server] of [
    [{ KUBERNETES_SERVICE_HOST: "10.96.0.1", KUBERNETES_SERVICE_PORT: "6443" }, "https://10.96.0.1:6443"],
    [{ KUBERNETES_SERVICE_HOST: "fd00::1" }, "https://[fd00::1]:443"],
  ] as const) {
    const config = await loadInClusterConfig(directory, env);
    assert.deepEqual([config.server, config.certificateAuthority, config.namespace], [server, "CA", "vmpod"]);
  }
});

test("a replaced token is used from the next request on", async (context) => {
  const directory = files(context);
  const { token } = await loadInClusterConfig(directory, { KUBERNETES_SERVICE_HOST: "h" });
  assert.equal(await token?.(), "first");
  writeFileSync(join(directory, "new"), "second");
  renameSync(join(directory, "new"), join(directory, "token"));
  assert.equal(await token?.(), "second");
});

test("outside a pod it says so", async () => {
  await assert.rejects(loadInClusterConfig("/nowhere", {}), /KUBERNETES_SERVICE_HOST is not set/);
});
