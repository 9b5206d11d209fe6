/** Real machines through stock kubectl: the examples boot, and start, stop, crash and restart as their run strategies say. */
import assert from "node:assert/strict";

import { join } from "node:path";
import { test } from "node:test";
import { exec } from "../../src/base/exec.ts";
import { findProcess } from "../../src/embedded/process-record.ts";
import { fetchText } from "../embedded/fetch-text.ts";
import { eventually, root, succeed } from "../embedded/instance.ts";
import { useInstance } from "../embedded/use-instance.ts";
import { machine } from "./bad-manifests.ts";

const instance = useInstance("vmtlife", 8);
const kubectl = (...args: string[]) => instance.kubectl(...args);
const tryKubectl = (args: string[], input?: string) => instance.tryKubectl(args, input);
const bootMs = 180_000;

const applyExample = (name: string) => kubectl("apply", "-f", join(root, "examples", name));
const apply = (manifest: object) =>
  succeed(tryKubectl(["apply", "-f", "-"], JSON.stringify(manifest)), "kubectl apply");
const fieldOf = (kind: string, name: string, path: string) => kubectl("get", kind, name, "-o", `jsonpath={${path}}`);
const condition = (type: string, field = "status") => `.status.conditions[?(@.type=="${type}")].${field}`;
const put = (path: string, body: object = {}) =>
  tryKubectl(
    ["replace", "--raw", `/apis/subresources.kubevirt.io/v1/namespaces/default/${path}`, "-f", "-"],
    JSON.stringify(body),
  );

function waitFor(kind: string, name: string, path: string, wanted: string, timeoutMs = bootMs): Promise<true> {
  const look = () => tryKubectl(["get", kind, name, "-o", `jsonpath={${path}}`]).stdout === wanted || undefined;
  const describe = () => `${tryKubectl(["describe", kind, name]).stdout}\n${tryKubectl(["get", "events"]).stdout}`;
  return eventually(`${kind}/${name} ${path} is ${wanted}`, timeoutMs, look, describe);
}

/** Process ids of the QEMUs of a machine, of this instance only. */
async function guestProcesses(name: string): Promise<number[]> {
  const uid = tryKubectl(["get", "vmi", name, "-o", "jsonpath={.spec.domain.firmware.uuid}"]).stdout;
  if (uid === "") return [];
  const listing = await exec(["ps", "-eo", "pid=,args="]);
  const lines = listing
    .split("\n")
    .filter((line) => line.includes("qemu-system-x86_64") && line.includes(`-uuid ${uid}`));
  return lines.map((line) => Number.parseInt(line, 10));
}

test("the examples boot", async () => {
  const machines = {
    "vm.yaml": "hello",
    "vm-disks.yaml": "disks",
    "vm-claim.yaml": "claim",
    "vm-efi.yaml": "efi",
    "vmi.yaml": "once",
  };
  for (const [file, name] of Object.entries(machines)) {
    applyExample(file);
    await waitFor("vmi", name, condition("AgentConnected"), "True");
    await waitFor("vmi", name, condition("Ready"), "True");
    if (name !== "hello") kubectl("delete", "-f", join(root, "examples", file), "--timeout=60s");
  }
});

test("a pause shows, and what is asked twice is refused", async () => {
  succeed(put("virtualmachineinstances/hello/pause"), "pause");
  await waitFor("vm", "hello", ".status.printableStatus", "Paused", 60_000);
  await waitFor("vm", "hello", condition("Ready", "reason"), "GuestPaused", 60_000);
  assert.match(put("virtualmachineinstances/hello/pause").stderr, /VMI is already paused/);
  succeed(put("virtualmachineinstances/hello/unpause"), "unpause");
  await waitFor("vm", "hello", ".status.printableStatus", "Running", 60_000);
});

test("a guest that crashes is started again, one at a time", async () => {
  const [[pid, ...others], uid] = [await guestProcesses("hello"), fieldOf("vmi", "hello", ".metadata.uid")];
  assert.ok(pid !== undefined && others.length === 0);
  process.kill(pid, "SIGKILL");
  await eventually("another instance", bootMs, () => {
    const { stdout } = tryKubectl(["get", "vmi", "hello", "-o", "jsonpath={.metadata.uid} {.status.phase}"]);
    return stdout.endsWith(" Running") && !stdout.startsWith(uid) ? true : undefined;
  });
  assert.equal((await guestProcesses("hello")).length, 1);
});

test("it keeps its firmware UUID and MAC address over a restart, and stops when told", async () => {
  const identity = () =>
    fieldOf("vmi", "hello", ".spec.domain.firmware.uuid") + fieldOf("vmi", "hello", ".status.interfaces[0].mac");
  const [first, uid] = [identity(), fieldOf("vmi", "hello", ".metadata.uid")];
  succeed(put("virtualmachines/hello/restart", { gracePeriodSeconds: 0 }), "restart");
  await eventually("another instance", bootMs, () => {
    const { stdout } = tryKubectl([
      "get",
      "vmi",
      "hello",
      "-o",
      `jsonpath={.metadata.uid} {${condition("AgentConnected")}}`,
    ]);
    return stdout.endsWith(" True") && !stdout.startsWith(uid) ? true : undefined;
  });
  assert.equal(identity(), first);
  succeed(put("virtualmachines/hello/stop"), "stop");
  await waitFor("vm", "hello", ".status.printableStatus", "Stopped", 60_000);
  const pods = () => kubectl("get", "pods", "-l", "vm.kubevirt.io/name=hello", "-o", "name");
  await eventually("its pod is gone", 60_000, () => (pods() === "" ? true : undefined), pods);
  kubectl("delete", "vm", "hello", "--timeout=60s");
});

test("cloud-init, a readiness probe and a Service", async () => {
  applyExample("vm-cloud-init.yaml");
  await waitFor("vm", "cloud-init", condition("Ready"), "True");
  const address = fieldOf("service", "cloud-init", ".spec.clusterIP");
  const text = await eventually("the Service answers", 60_000, () => fetchText(`http://${address}`));
  assert.equal(text, "hello from a virtual machine");
  kubectl("delete", "-f", join(root, "examples/vm-cloud-init.yaml"), "--timeout=60s");
});

test("an image that cannot be had shows in the status", async () => {
  const volumes = [{ name: "root", containerDisk: { image: "localhost/vmpod/nowhere:1", imagePullPolicy: "Never" } }];
  apply(machine({ volumes }, {}, "imageless"));
  await waitFor("vm", "imageless", ".status.printableStatus", "ErrImagePull", 60_000);
  assert.match(fieldOf("vm", "imageless", condition("Synchronized", "message")), /nowhere:1/);
  kubectl("delete", "vm", "imageless", "--timeout=60s");
});

test("a controller that dies while it creates machines leaves one QEMU each", async () => {
  const names = ["m1", "m2", "m3"];
  for (const name of names) {
    apply(machine({ terminationGracePeriodSeconds: 0 }, {}, name));
    await killController();
  }
  for (const name of names) {
    await waitFor("vmi", name, ".status.phase", "Running");
    assert.equal((await guestProcesses(name)).length, 1, name);
  }
  kubectl("delete", "vm", ...names, "--timeout=60s");
});

/** By the id that this instance's supervisor recorded; it starts another one. */
async function killController(): Promise<void> {
  const running = () => findProcess(join(instance.runDir, "pid", "controller"));
  const { pid } = await eventually("the controller runs", 30_000, running);
  process.kill(pid, "SIGKILL");
}
