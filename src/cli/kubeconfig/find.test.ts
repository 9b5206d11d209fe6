import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { defaultInstance, pathsOf } from "../../base/instance.ts";
import { findKubeconfig } from "./find.ts";

test("the kubeconfig is the flag's, the environment's, the running instance's, the home's, in this order", () => {
  const directory = mkdtempSync(join(tmpdir(), "vmpod-kubeconfig-"));
  try {
    const env = { HOME: join(directory, "home") };
    const instance = { ...defaultInstance, dataDir: join(directory, "data"), runDir: join(directory, "run") };
    const { runDir } = instance;
    assert.throws(() => findKubeconfig({ env, runDir }), /vmpod up/);

    const home = join(env.HOME, ".kube", "config");
    write(home, "home");
    assert.deepEqual(findKubeconfig({ env, runDir }), { from: "home", path: home });

    const admin = pathsOf(instance).kubeconfig("admin");
    write(pathsOf(instance).instanceFile, JSON.stringify({ instance, images: {} }));
    assert.deepEqual(findKubeconfig({ env, runDir }), { from: "home", path: home }, "not made yet");
    write(admin, "admin");
    assert.deepEqual(findKubeconfig({ env, runDir }), { from: "instance", path: admin });

    const withList = { ...env, KUBECONFIG: "/a:/b" };
    assert.deepEqual(findKubeconfig({ env: withList, runDir }), { from: "env" });
    assert.deepEqual(findKubeconfig({ flag: "/f", env: withList, runDir }), { from: "flag", path: "/f" });
  } finally {
    rmSync(directory, { recursive: true });
  }
});

function write(path: string, text: string): void {
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
}
