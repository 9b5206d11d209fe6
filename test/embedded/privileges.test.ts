/** Who of vmpod has rights on the machine: the agent. The API server and the controllers have none, and work as ever. */
import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { findProcess } from "../../src/embedded/process-record.ts";
import { eventually, succeed } from "./instance.ts";
import { web } from "./machines.ts";
import { allPids, readProc } from "./processes.ts";
import { useInstance } from "./use-instance.ts";

const instance = useInstance("vmtpriv", 17);
const { kubectl, apply, dataDir, runDir } = instance;
const unprivileged = ["apiserver", "controller"] as const;
const nobody = "64107\t64107\t64107\t64107";

test("the API server and the controllers have no user's rights, no capability, and no way to get any", async () => {
  for (const name of unprivileged) await hasNoRights(name);
});

test("all kinds of requests are answered", async () => {
  apply(web());
  kubectl("wait", "--for=condition=Available", "deployment/web", "--timeout=60s");
  assert.match(kubectl("get", "--raw", "/openapi/v2").slice(0, 100), /"swagger"/);
  assert.match(kubectl("get", "--raw", "/openapi/v3/api/v1").slice(0, 100), /"openapi"/);
  const metrics = () => kubectl("get", "--raw", "/metrics");
  for (const part of [
    /^apiserver_request_total/m,
    /^kubevirt_virt_controller_ready_status 1$/m,
    /^kubevirt_virt_handler_ready_status 1$/m,
  ])
    await eventually(`metrics have ${part}`, 30_000, () => part.test(metrics()) || undefined, metrics);
  assert.match(kubectl("explain", "vm.spec.runStrategy"), /runStrategy/);
  assert.equal(kubectl("exec", "deploy/web", "--", "echo", "hello"), "hello\n");
  assert.equal(kubectl("auth", "can-i", "create", "pods").trim(), "yes");
  kubectl("logs", "deploy/web");
  kubectl("create", "token", "default");
  // Its content is sent as protobuf.
  kubectl("create", "namespace", "apart");
  kubectl("delete", "namespace", "apart", "--timeout=60s");
});

test("killed, they come back without rights and with everything that was stored", async () => {
  for (const name of unprivileged) {
    const before = pidOf(name);
    process.kill(before, "SIGKILL");
    await eventually(`${name} runs again`, 30_000, () =>
      pidOf(name) === before ? undefined : pidOf(name) || undefined,
    );
    await hasNoRights(name);
  }
  await eventually("the deployment is served", 30_000, () =>
    instance.fieldOf("deployment/web", ".metadata.name") === "web" ? true : undefined,
  );
  kubectl("rollout", "restart", "deployment/web");
  kubectl("rollout", "status", "deployment/web", "--timeout=60s");
});

test("down and up again: the store is root's, and whole", async () => {
  succeed(instance.down("--grace-period", "2"), "vmpod down");
  assert.equal(statSync(join(dataDir, "store", "state.db")).uid, 0);
  const up = instance.up();
  assert.equal(up.status, 0, up.stderr);
  for (const name of unprivileged) await hasNoRights(name);
  assert.equal(instance.fieldOf("deployment/web", ".metadata.name"), "web");
});

test("what is secret is nobody's but root's", () => {
  const mode = (path: string): string => (statSync(join(dataDir, path)).mode & 0o777).toString(8);
  for (const path of ["kubeconfig", "store", "kubelet", "run/log"]) assert.equal(mode(path), "700", path);
  for (const path of ["kubeconfig/admin", "pki/ca.key", "pki/sa.key", "store/state.db"])
    assert.equal(mode(path), "600", path);
});

/** Of every thread. The port is open a moment before. */
async function hasNoRights(name: (typeof unprivileged)[number]): Promise<void> {
  await eventually(`${name} has given up its rights`, 30_000, () => {
    const pid = pidOf(name);
    return pid && rightsOf(pid).Uid === nobody ? true : undefined;
  });
  const { Uid, Gid, Groups, CapEff, CapPrm, CapInh, NoNewPrivs } = rightsOf(pidOf(name));
  const none = "0000000000000000";
  assert.deepEqual(
    { Uid, Gid, Groups: Groups?.trim(), CapEff, CapPrm, CapInh, NoNewPrivs },
    { Uid: nobody, Gid: nobody, Groups: "", CapEff: none, CapPrm: none, CapInh: none, NoNewPrivs: "1" },
  );
}

function rightsOf(pid: number): Record<string, string> {
  const lines = readProc(pid, "status").split("\n");
  return Object.fromEntries(lines.map((line) => line.split(":\t") as [string, string]));
}

function pidOf(name: string): number {
  const pid = findProcess(join(runDir, "pid", name))?.pid ?? 0;
  return allPids().includes(pid) ? pid : 0;
}
