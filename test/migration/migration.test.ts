/** A real guest moves from QEMU to QEMU on one node, and neither it nor who uses it notices more than a pause. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { before, test } from "node:test";
import type { MigrationState } from "../../api/kubevirt/migration/migration.ts";
import { eventually } from "../embedded/instance.ts";
import { useInstance } from "../embedded/use-instance.ts";
import { createNomad } from "./nomad.ts";
import { permitUserfaultfd, policyFor, withProfile, writeProfile } from "./policies.ts";

const instance = useInstance("vmtmove", 13);
const { kubectl, fieldOf, vmpod, tryKubectl } = instance;
const nomad = createNomad(instance, { evictionStrategy: "LiveMigrate" });

before(() => nomad.create());

test("there and back: the same boot, no number lost, one QEMU, the Service leads to it", async (t) => {
  assert.equal(nomad.vmiField(".status.conditions[?(@.type=='LiveMigratable')].status"), "True");
  const downtimes: number[] = [];
  for (let move = 0; move < 2; move++) {
    const published = await nomad.published();
    const [before] = nomad.qemus();
    const migration = nomad.migrate();
    assert.equal(await nomad.outcome(migration), "Succeeded");
    const state = JSON.parse(nomad.vmiField(".status.migrationState")) as Record<string, string | boolean>;
    assert.deepEqual([state["completed"], state["failed"]], [true, undefined]);
    assert.ok(state["startTimestamp"] && state["endTimestamp"] && state["targetNodeDomainReadyTimestamp"]);
    assert.equal(state["sourceNode"], state["targetNode"]);

    const [after] = await untilOneQemu();
    assert.notEqual(after?.pid, before?.pid);
    assert.equal(after?.podUid, fieldOf(`pod/${String(state["targetPod"])}`, ".metadata.uid"));
    assert.equal(await bootIdNow(), nomad.bootId, "the Service leads to it");
    await nomad.assertWhole(published);
    const downtime = await eventually(
      "the downtime is known",
      60_000,
      () => nomad.migrationField(migration, ".metadata.annotations.vmpod\\.dev/migration-downtime-ms") || undefined,
    );
    downtimes.push(Number(downtime));
  }
  t.diagnostic(`downtimes in ms: ${downtimes.join(", ")}`);
});

test("it is given a processor while it runs, and takes it along", async () => {
  const published = await nomad.published();
  const launcher = await nomad.settled();
  const requested = () => Number(fieldOf(`pod/${launcher}`, ".spec.containers[0].resources.requests.memory"));
  const before = requested();
  patchDomain({ cpu: { sockets: 2 } });
  await guestTells("processors", (text) => text === "0-1");
  assert.ok(requested() > before, "its pod has become larger, and is the same");
  await eventually("the status tells", 60_000, () =>
    nomad.vmiField(".status.currentCPUTopology.sockets") === "2" ? true : undefined,
  );
  await hasSettled("HotVCPUChange");
  assert.equal(fieldOf("vm/nomad", ".status.conditions[?(@.type=='RestartRequired')].message"), "");
  assert.equal(await nomad.outcome(nomad.migrate()), "Succeeded");
  assert.equal(await bootIdNow(), nomad.bootId);
  await guestTells("processors", (text) => text === "0-1");
  await nomad.assertWhole(published);
});

test("the phases are upstream's, and the instance says whose pod runs it", async () => {
  const [last] = kubectl("get", "vmim", "--sort-by=.metadata.creationTimestamp", "-o", "name")
    .trim()
    .split("\n")
    .reverse();
  const phases = fieldOf(last ?? "", ".status.phaseTransitionTimestamps[*].phase").split(" ");
  assert.deepEqual(phases, [
    "Pending",
    "Scheduling",
    "Scheduled",
    "PreparingTarget",
    "TargetReady",
    "Running",
    "Succeeded",
  ]);
  const pod = `pod/${await nomad.settled()}`;
  const told = () => [
    ...Object.keys(JSON.parse(nomad.vmiField(".status.activePods")) as object),
    nomad.vmiField(".status.interfaces[0].ipAddress"),
  ];
  const wanted = [fieldOf(pod, ".metadata.uid"), fieldOf(pod, ".status.podIP")];
  await eventually(
    `the instance tells of ${wanted.join()}`,
    60_000,
    () => told().join() === wanted.join() || undefined,
    () => told().join(),
  );
});

test("console and guest agent answer at the new pod", async () => {
  await eventually("the agent answers", 60_000, () => (vmpod("guestosinfo", "nomad").status === 0 ? true : undefined));
  assert.match(vmpod("logs", "nomad").stdout + vmpod("explain", "vm/nomad").stdout, /running/);
});

test("a second migration, one of nothing and one of what has ended are refused in upstream's words", async () => {
  await nomad.settled();
  const first = nomad.migrate();
  const second = vmpod("migrate", "nomad");
  assert.match(
    second.stderr,
    /in-flight migration detected\. Active migration job \(.+\) is currently already in progress/,
  );
  const body = { apiVersion: "kubevirt.io/v1", kind: "VirtualMachineInstanceMigration", metadata: { name: "x" } };
  const nothing = tryKubectl(["create", "-f", "-"], JSON.stringify({ ...body, spec: {} }));
  assert.match(nothing.stderr, /spec\.vmiName: Required value/);
  const nobody = tryKubectl(["create", "-f", "-"], JSON.stringify({ ...body, spec: { vmiName: "nobody" } }));
  assert.match(nobody.stderr, /the VMI "default\/nobody" does not exist/);
  await nomad.outcome(first);
});

test("a cancelled migration leaves the guest where it is", async () => {
  await nomad.settled();
  const [before] = nomad.qemus();
  // Slow enough to be still under way when it is cancelled.
  kubectl("label", "namespace", "default", "team=movers");
  instance.apply(policyFor("nomad", "unhurried", { bandwidthPerMigration: "1Mi" }));
  const migration = nomad.migrate();
  await eventually("its target is made", 60_000, () => (nomad.qemus().length === 2 ? true : undefined));
  assert.match(vmpod("migrate-cancel", "nomad").stdout, /VM nomad was scheduled to migrate-cancel/);
  await eventually("it is gone", 60_000, () =>
    tryKubectl(["get", "vmim", migration]).status !== 0 ? true : undefined,
  );
  const state = await eventually("its end is told", 60_000, () => {
    const told = JSON.parse(nomad.vmiField(".status.migrationState")) as Record<string, unknown>;
    return told["completed"] === true ? told : undefined;
  });
  assert.equal(state["failed"], true);
  assert.match(String(state["failureReason"]), /aborted/);
  const after = await untilOneQemu();
  assert.equal(after[0]?.pid, before?.pid);
  assert.equal(await bootIdNow(), nomad.bootId);
  assert.match(vmpod("migrate-cancel", "nomad").stderr, /Found no migration to cancel for nomad/);
  kubectl("delete", "migrationpolicy", "unhurried");
});

test("a paused guest arrives paused, and goes on there", async () => {
  await nomad.settled();
  assert.equal(vmpod("pause", "vmi", "nomad").status, 0);
  await eventually("it is paused", 60_000, () =>
    nomad.vmiField(".status.conditions[?(@.type=='Paused')].status") === "True" ? true : undefined,
  );
  assert.equal(await nomad.outcome(nomad.migrate()), "Succeeded");
  assert.equal(nomad.vmiField(".status.conditions[?(@.type=='Paused')].status"), "True");
  assert.equal(vmpod("unpause", "vmi", "nomad").status, 0);
  assert.equal(await bootIdNow(), nomad.bootId);
  await nomad.assertWhole(1);
});

test("an eviction of its pod moves it instead", async () => {
  const pod = await nomad.settled();
  const [before] = nomad.qemus();
  const eviction = JSON.stringify({ apiVersion: "policy/v1", kind: "Eviction", metadata: { name: pod } });
  const answer = tryKubectl(
    ["create", "--raw", `/api/v1/namespaces/default/pods/${pod}/eviction`, "-f", "-"],
    eviction,
  );
  assert.match(answer.stderr, /Eviction triggered evacuation of VMI "default\/nomad"/);
  await eventually("another QEMU runs it", 180_000, () => {
    const [now, ...more] = nomad.qemus();
    return now && more.length === 0 && now.pid !== before?.pid ? now : undefined;
  });
  assert.equal(await bootIdNow(), nomad.bootId);
  await nomad.assertWhole(1);
});

const slow = { bandwidthPerMigration: "8Mi", allowPostCopy: true };

test("a guest whose migration takes too long stands still until it has moved, as the policy that selects it says", async () => {
  instance.apply(policyFor("nomad", "patient", { ...slow, completionTimeoutPerGiB: 12 }));
  await nomad.settled();
  const published = await nomad.published();
  assert.equal(await nomad.outcome(nomad.migrate()), "Succeeded");
  const state = JSON.parse(nomad.vmiField(".status.migrationState")) as MigrationState;
  assert.deepEqual([state.migrationPolicyName, state.mode], ["patient", "Paused"]);
  const { bandwidthPerMigration, allowPostCopy } = state.migrationConfiguration ?? {};
  assert.deepEqual([bandwidthPerMigration, allowPostCopy], ["8Mi", false]);
  const look = () => kubectl("get", "events", "--field-selector=reason=PostCopyUnavailable", "-o", "wide");
  const events = await eventually("its event", 60_000, () => look() || undefined);
  assert.match(events, /The guest moves without postcopy, which the target's node does not permit: /);
  assert.equal(await bootIdNow(), nomad.bootId);
  await nomad.assertWhole(published);
});

test("it goes on at its target before all of its memory is there, where the node permits that", async () => {
  const takeBack = permitUserfaultfd();
  try {
    writeProfile(join(instance.dataDir, "kubelet"));
    const configured = { apiVersion: "kubevirt.io/v1", kind: "KubeVirt", metadata: { name: "kubevirt" } };
    instance.apply({ ...configured, spec: { configuration: withProfile } });
    instance.apply(policyFor("nomad", "patient", { ...slow, completionTimeoutPerGiB: 3 }));
    await eventually("the configuration is heard", 60_000, () =>
      fieldOf("kubevirt/kubevirt", ".status.observedGeneration") ===
      fieldOf("kubevirt/kubevirt", ".metadata.generation")
        ? true
        : undefined,
    );
    await nomad.settled();
    const published = await nomad.published();
    assert.equal(await nomad.outcome(nomad.migrate()), "Succeeded");
    const state = JSON.parse(nomad.vmiField(".status.migrationState")) as MigrationState;
    assert.deepEqual([state.mode, state.completed, state.failed], ["PostCopy", true, undefined]);
    await untilOneQemu();
    assert.equal(await bootIdNow(), nomad.bootId);
    await nomad.assertWhole(published);
  } finally {
    takeBack();
  }
});

test("it is given memory while it runs, and stays then where it is, as long as it is emulated", async () => {
  await nomad.settled();
  const before = Number(await eventually("it answers", 60_000, () => nomad.fetch("memory")));
  patchDomain({ memory: { guest: "256Mi" } });
  await guestTells("memory", (text) => Number(text) > before + 100 * 1024);
  const told = () => nomad.vmiField(".status.memory");
  await eventually(
    "the status tells",
    60_000,
    () => (told().includes('"guestCurrent":"256Mi"') ? true : undefined),
    told,
  );
  await hasSettled("HotMemoryChange");
  const obstacle = () => nomad.vmiField(".status.conditions[?(@.type=='LiveMigratable')].reason");
  await eventually("it stays", 60_000, () => (obstacle() === "HotplugNotLiveMigratable" ? true : undefined), obstacle);
  patchDomain({ memory: { guest: "128Mi" }, devices: { rng: {} } });
  const message = await eventually(
    "a restart is asked for",
    60_000,
    () => fieldOf("vm/nomad", ".status.conditions[?(@.type=='RestartRequired')].message") || undefined,
  );
  assert.match(message, /spec\.template\.spec\.domain\.devices\.rng, /);
  assert.match(message, /domain\.memory\.guest \(a reduction of memory requires a restart\)/);
  assert.equal(await bootIdNow(), nomad.bootId);
});

test("its cable is unplugged and plugged in again", async () => {
  const interfaces = (state: string) => ({ devices: { interfaces: [{ name: "default", masquerade: {}, state }] } });
  const tells = () => nomad.vmiField(".status.interfaces[0].linkState");
  for (const state of ["down", "up"]) {
    patchDomain(interfaces(state));
    await eventually(`the cable is ${state}`, 60_000, () => (tells() === state ? true : undefined), tells);
    const carrier = () => vmpod("exec", "vm/nomad", "--", "cat", "/sys/class/net/eth0/carrier");
    const wanted = state === "up" ? "1" : "0";
    await eventually(
      `the guest finds its cable ${state}`,
      60_000,
      () => carrier().stdout.trim() === wanted || undefined,
      () => carrier().stderr,
    );
    if (state === "down") assert.equal(await nomad.fetch("boot-id"), undefined);
  }
  assert.equal(await bootIdNow(), nomad.bootId);
});

function bootIdNow(): Promise<string> {
  return eventually("it answers", 60_000, () => nomad.fetch("boot-id"));
}

function untilOneQemu() {
  return eventually("one QEMU is left", 60_000, () => {
    const qemus = nomad.qemus();
    return qemus.length === 1 ? qemus : undefined;
  });
}

/** A condition of what is under way has gone. */
function hasSettled(type: string): Promise<true> {
  const status = () => nomad.vmiField(`.status.conditions[?(@.type=='${type}')].message`);
  return eventually(`${type} is over`, 60_000, () => (status() === "" ? true : undefined), status);
}

function patchDomain(domain: object): void {
  const patch = { spec: { template: { spec: { domain } } } };
  kubectl("patch", "vm", "nomad", "--type=merge", "-p", JSON.stringify(patch));
}

async function guestTells(page: string, isWanted: (text: string) => boolean): Promise<void> {
  const look = async () => (await nomad.fetch(page))?.trim() ?? "";
  await eventually(
    `the guest's ${page} change`,
    60_000,
    async () => (isWanted(await look()) ? true : undefined),
    () => kubectl("get", "vm,vmi,pods", "-o", "yaml"),
  );
}
