/**
 * A real guest moves between the nodes of a real Kubernetes: its root disk, an overlay in its pod, is copied; its claim is mounted at
 * both. Whatever happens meanwhile, it has every number that it published (test/migration/nomad.ts).
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { connect } from "node:tls";
import {
  type ValidatingWebhookConfiguration,
  validatingWebhookConfigurations,
} from "../../../api/admissionregistration.ts";
import type { MigrationState } from "../../../api/kubevirt/migration/migration.ts";
import { eventually, run, succeed } from "../../embedded/instance.ts";
import { permitUserfaultfd, policyFor, withProfile, writeProfile } from "../../migration/policies.ts";
import { debianKubectl } from "../../fixtures/kubectl.ts";
import { type NomadCluster, startNomadCluster } from "../../migration/nomad-cluster.ts";

const stepMs = 180_000;

describe("live migration between nodes", () => {
  let home: NomadCluster;
  let nomad: NomadCluster["nomad"];

  before(async () => {
    home = await startNomadCluster((line) => console.error(line));
    ({ nomad } = home);
  });
  after(() => home.stop());

  async function untilPhase(migration: string, phase: string): Promise<void> {
    const look = () => (nomad.migrationField(migration, ".status.phase") === phase ? true : undefined);
    await eventually(`${migration} is ${phase}`, stepMs, look, () => home.describe());
  }

  /** The same boot, and nothing lost of what was published before. */
  async function assertWhole(published: number): Promise<void> {
    const bootId = await eventually(
      "the Service leads to the guest",
      60_000,
      () => nomad.fetch("boot-id"),
      () => home.describe(),
    );
    assert.equal(bootId, nomad.bootId);
    await nomad.assertWhole(published);
  }

  /** Validating ones. @returns what they are to be made again of */
  async function takeAwayWebhooks(): Promise<ValidatingWebhookConfiguration> {
    const client = await home.cluster.connect();
    const found = await client.get(validatingWebhookConfigurations, { name: "vmpod" });
    await client.delete(validatingWebhookConfigurations, { name: "vmpod" });
    client.close();
    const { name, labels } = found.metadata ?? {};
    return { ...found, metadata: { name, labels } };
  }

  it("there and back: the same boot, no number lost, one QEMU, the Service leads to it", async (t) => {
    assert.equal(nomad.vmiField(".status.conditions[?(@.type=='LiveMigratable')].status"), "True");
    assert.equal(nomad.vmiField(".status.migrationMethod"), "BlockMigration");
    const first = home.nodeName();
    for (const isThere of [true, false]) {
      const published = await nomad.published();
      const migration = nomad.migrate();
      assert.equal(await nomad.outcome(migration, stepMs), "Succeeded", home.describe());
      const state = JSON.parse(nomad.vmiField(".status.migrationState")) as Record<string, unknown>;
      assert.deepEqual([state["completed"], state["failed"]], [true, undefined]);
      assert.notEqual(state["sourceNode"], state["targetNode"]);
      assert.equal(home.nodeName(), state["targetNode"]);
      assert.equal(home.nodeName() !== first, isThere);
      await home.untilOneQemu();
      await assertWhole(published);
      const path = ".metadata.annotations.vmpod\\.dev/migration-downtime-ms";
      const downtime = await eventually(
        "it is measured",
        60_000,
        () => nomad.migrationField(migration, path) || undefined,
      );
      t.diagnostic(`the guest stood still for ${downtime} ms`);
      const address = await eventually("the instance shows its new address", 60_000, () => {
        const shown = nomad.vmiField(".status.interfaces[0].ipAddress");
        return shown === home.tools.fieldOf(`pod/${String(state["targetPod"])}`, ".status.podIP") ? shown : undefined;
      });
      assert.notEqual(address, "");
    }
  });

  it("passes upstream's phases", () => {
    const phases = nomad.migrationField("move-1", ".status.phaseTransitionTimestamps[*].phase").split(" ");
    const upstream = ["Pending", "Scheduling", "Scheduled", "PreparingTarget", "TargetReady", "Running", "Succeeded"];
    assert.deepEqual(phases, upstream);
  });

  it("admits nobody without the source's certificate, and an abort leaves the guest where it is", async () => {
    home.limitBandwidth("1Mi");
    const published = await nomad.published();
    const pid = await home.untilOneQemu();
    const migration = nomad.migrate();
    await untilPhase(migration, "Running");
    const host = nomad.vmiField(".status.migrationState.targetNodeAddress");
    assert.match(await knock(host, 49152), /refused/);
    assert.match(run(["qemu-img", "info", `nbd://${host}:49153/root`]).stderr, /TLS/);
    assert.match(home.tools.vmpod("migrate-cancel", "nomad").stdout, /was scheduled to migrate-cancel/);
    await eventually("the migration is gone", stepMs, () =>
      nomad.migrationField(migration, ".metadata.name") === "" ? true : undefined,
    );
    const reason = () => nomad.vmiField(".status.migrationState.failureReason");
    await eventually("why it failed", 60_000, () => /aborted/.test(reason()) || undefined, reason);
    assert.equal(await home.untilOneQemu(), pid);
    await assertWhole(published);
  });

  it("kill -9 of the target's QEMU leaves the guest at the source, and it can be moved afterwards", async () => {
    const published = await nomad.published();
    const pid = await home.untilOneQemu();
    const migration = nomad.migrate();
    await untilPhase(migration, "Running");
    const target = nomad.qemuOf(nomad.vmiField(".status.migrationState.targetPod"));
    assert.ok(target);
    process.kill(target.pid, "SIGKILL");
    assert.equal(await nomad.outcome(migration, stepMs), "Failed");
    assert.notEqual(nomad.migrationField(migration, ".status.migrationState.failureReason"), "");
    assert.equal(await home.untilOneQemu(), pid);
    await assertWhole(published);
    home.limitBandwidth("0");
    assert.equal(await nomad.outcome(nomad.migrate(), stepMs), "Succeeded", home.describe());
    await assertWhole(published);
  });

  it("goes on before all of its memory is there, as the policy says that selects it", async (t) => {
    const published = await nomad.published();
    home.tools.kubectl("label", "namespace", "default", "team=movers");
    for (const { pid } of home.cluster.nodes) writeProfile(`/proc/${pid}/root/var/lib/kubelet`);
    home.configure(withProfile);
    const takeBack = permitUserfaultfd();
    try {
      // Its disks take their part of the patience.
      const decisions = { bandwidthPerMigration: "6Mi", completionTimeoutPerGiB: 6, allowPostCopy: true };
      home.tools.apply(policyFor("nomad", "impatient", decisions));
      const migration = nomad.migrate();
      assert.equal(await nomad.outcome(migration, stepMs), "Succeeded", home.describe());
      const state = JSON.parse(nomad.vmiField(".status.migrationState")) as MigrationState;
      assert.deepEqual([state.migrationPolicyName, state.mode], ["impatient", "PostCopy"]);
      assert.equal(state.migrationConfiguration?.bandwidthPerMigration, "6Mi");
      await assertWhole(published);
      const path = ".metadata.annotations.vmpod\\.dev/migration-downtime-ms";
      t.diagnostic(`the guest stood still for ${nomad.migrationField(migration, path)} ms`);
    } finally {
      takeBack();
      home.tools.kubectl("delete", "migrationpolicy", "impatient");
    }
  });

  it("is not evicted while the webhook does not answer", async () => {
    const webhooks = await takeAwayWebhooks();
    const client = await home.cluster.connect();
    try {
      await home.untilOneQemu();
      const name = nomad.vmiField(".status.migrationState.targetPod");
      const budget = "pdb/kubevirt-disruption-budget-nomad";
      await eventually("the budget holds one launcher, which is well", 30_000, () => {
        const counts = ["currentHealthy", "desiredHealthy"].map((field) =>
          home.tools.fieldOf(budget, `.status.${field}`),
        );
        return counts.join() === "1,1" ? true : undefined;
      });
      const body = { apiVersion: "policy/v1beta1", kind: "Eviction", metadata: { name } };
      const path = `/api/v1/namespaces/default/pods/${name}/eviction`;
      await assert.rejects(client.request("POST", path, body), { code: 429, message: /disruption budget/ });
      assert.equal(await home.untilOneQemu(), nomad.qemuOf(name)?.pid);
    } finally {
      await client.create(validatingWebhookConfigurations, webhooks);
      client.close();
    }
  });

  it("a drain of its node moves it", async () => {
    const node = home.nodeName();
    const published = await nomad.published();
    // The current kubectl evicts by policy/v1, which this server does not have.
    const drain = ["drain", node, "--ignore-daemonsets", "--delete-emptydir-data", "--force", "--timeout=240s"];
    const kubectl = [debianKubectl(), "--kubeconfig", home.cluster.kubeconfig];
    try {
      const drained = run([...kubectl, ...drain], { timeoutMs: 300_000 });
      succeed(drained, "kubectl drain");
      assert.match(drained.stderr, /Eviction triggered evacuation of VMI "default\/nomad"/);
      assert.notEqual(home.nodeName(), node);
      await eventually("it leaves no node", 60_000, () =>
        nomad.vmiField(".status.evacuationNodeName") === "" ? true : undefined,
      );
      const pods = home.tools.kubectl("get", "pods", "--field-selector", `spec.nodeName=${node}`, "-o", "name");
      assert.doesNotMatch(pods, /virt-launcher/);
      await assertWhole(published);
    } finally {
      home.tools.kubectl("uncordon", node);
    }
  });
});

/** What becomes of a connection with TLS but without a certificate. A client may believe in it until it hears the server's answer. */
function knock(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, rejectUnauthorized: false, timeout: 10_000 });
    socket.once("error", (error) => resolve(`refused: ${error.message}`));
    socket.once("close", () => resolve("refused: closed"));
    socket.once("data", () => resolve("it talks"));
    socket.once("timeout", () => resolve("it listens"));
  });
}
