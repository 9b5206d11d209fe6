/** The demo manifest, as the README shows it: machine and container reach each other, kubectl sees both, `down` leaves nothing. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fetchText } from "./fetch-text.ts";
import { hostTraces, noTraces } from "./host-traces.ts";
import { eventually, root, succeed, testInstance } from "./instance.ts";

const instance = testInstance("vmtdemo", 12);
const { kubectl, tryKubectl } = instance;

before(() => {
  succeed(instance.up(), "vmpod up");
  kubectl("apply", "-f", join(root, "examples/demo.yaml"));
});

after(() => {
  succeed(instance.down("--grace-period", "5"), "vmpod down");
  rmSync(instance.dataDir, { recursive: true, force: true });
});

const fetchFromWeb = (path: string) =>
  tryKubectl(["exec", "deploy/web", "--", "timeout", "5", "wget", "-q", "-O", "-", `http://legacy${path}`]);

test("the container fetches from the machine by DNS name", async () => {
  const text = await eventually("web fetches http://legacy", 120_000, () => {
    const { status, stdout } = fetchFromWeb("/");
    return status === 0 ? stdout : undefined;
  });
  assert.equal(text.trim(), "hello from the virtual machine legacy");
});

test("the machine fetches from the container by DNS name", async () => {
  const text = await eventually("legacy fetched http://web", 60_000, () => {
    const { status, stdout } = fetchFromWeb("/from-web.html");
    return status === 0 ? stdout : undefined;
  });
  assert.equal(text.trim(), "hello from the container web");
});

test("Services answer from the host too", async () => {
  const address = kubectl("get", "service", "legacy", "-o", "jsonpath={.spec.clusterIP}");
  const text = await eventually("the host fetches", 60_000, () => fetchText(`http://${address}`));
  assert.match(text, /virtual machine legacy/);
});

test("kubectl shows KubeVirt's columns", () => {
  const [header = "", row = ""] = kubectl("get", "vmi", "-o", "wide").split("\n");
  assert.deepEqual(
    header.split(/\s{2,}/).map((name) => name.trim()),
    ["NAME", "AGE", "PHASE", "IP", "NODENAME", "READY", "LIVE-MIGRATABLE", "PAUSED"],
  );
  assert.match(row, /^legacy\s+\S+\s+Running\s+10\.112\.\d+\.\d+/);
  assert.match(kubectl("get", "vm"), /legacy\s+\S+\s+Running\s+True/);
});

test("the serial console's log is the pod's log", async () => {
  const pod = kubectl("get", "pods", "-l", "vm.kubevirt.io/name=legacy", "-o", "name").trim();
  const log = () => kubectl("logs", pod);
  await eventually("getty's words", 60_000, () => /guest legacy \/dev\/ttyS0$/m.test(log()) || undefined, log);
});

test("the machine stops by ACPI and starts again", async () => {
  const status = () => kubectl("get", "vm", "legacy", "-o", "jsonpath={.status.printableStatus}");
  assert.match(instance.vmpod("stop", "legacy").stdout, /VM legacy was scheduled to stop/);
  await eventually("stopped", 60_000, () => status() === "Stopped" || undefined, status);
  const explain = () => instance.vmpod("explain", "vm/legacy").stdout;
  await eventually("explain tells", 30_000, () => /vmpod start legacy/.test(explain()) || undefined, explain);
  assert.match(instance.vmpod("start", "legacy").stdout, /VM legacy was scheduled to start/);
  await eventually("running", 60_000, () => status() === "Running" || undefined, status);
});

test("vmpod down leaves no process, bridge, table, cgroup, mount or namespace", () => {
  succeed(instance.down("--grace-period", "5"), "vmpod down");
  assert.deepEqual(hostTraces(instance.name, instance.dataDir), noTraces);
});
