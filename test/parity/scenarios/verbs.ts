/** vmpod's commands against the running resident. What takes the guest by its agent or its network is in guest-verbs.ts. */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "../../embedded/instance.ts";
import { hostPathClaim } from "../../fixtures/host-path-claim.ts";
import { becomes, bootMs, conditionPath, launcherOf, launcherSelector, read, refusal, stopMs } from "../facts.ts";
import { bootId, inGuest, said } from "../said.ts";
import type { Scenario, Target } from "../target.ts";
import { upAgain } from "./lifecycle.ts";

const vm = "vm/resident";
const vmi = "vmi/resident";
const pluggedPhase = '.status.volumeStatus[?(@.name=="plugged")].phase';

export const verbs: Scenario[] = [
  {
    name: "vmpod create vm, instancetype, preference: what is printed is accepted",
    async play(target) {
      const image = "src:localhost/vmpod/guest:latest";
      const manifests = [
        await said(target, "create", "vm", "--name=drafted", "--memory=128Mi", `--volume-containerdisk=${image}`),
        await said(target, "create", "instancetype", "--name=drafted", "--cpu=1", "--memory=128Mi"),
        await said(target, "create", "preference", "--name=drafted", "--cpu-topology=sockets"),
      ];
      const { status, stdout, stderr } = await target.tryKubectl(
        ["create", "--dry-run=server", "-o", "name", "-f", "-"],
        manifests.join("---\n"),
      );
      assert.equal(status, 0, stderr);
      return stdout;
    },
  },
  {
    name: "vmpod expand",
    async play(target) {
      const { spec } = JSON.parse(await said(target, "expand", "--vm", "resident", "-o", "json")) as { spec: object };
      return Object.keys(spec).sort();
    },
  },
  {
    name: "vmpod objectgraph",
    async play(target) {
      const graph = await said(target, "objectgraph", "resident");
      return JSON.parse(graph.replaceAll(/virt-launcher-resident-\w+/g, "LAUNCHER")) as unknown;
    },
  },
  {
    name: "vmpod trace: a start has its steps",
    async play(target) {
      const { resourceSpans } = JSON.parse(await said(target, "trace", vm, "-o", "json")) as Trace;
      const spans = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
      assert.ok(spans.length > 3, JSON.stringify(spans));
      return spans.some(({ name }) => /guest/i.test(name));
    },
  },
  {
    name: "vmpod expose: a Service that leads to it",
    async play(target) {
      const shown = await said(target, "expose", "vm", "resident", "--name=exposed", "--port=8000", "--target-port=80");
      const { status } = await read(target, vmi);
      const [{ ipAddress = "" } = {}] = (status?.["interfaces"] ?? []) as { ipAddress?: string }[];
      const addresses = () => target.fieldOf("endpoints/exposed", ".subsets[*].addresses[*].ip");
      await eventually(
        `${target.name}: the Service leads to ${ipAddress}`,
        stopMs,
        async () => (ipAddress !== "" && (await addresses()) === ipAddress) || undefined,
        addresses,
      );
      const ports = await target.fieldOf("service/exposed", ".spec.ports[0]['port','targetPort']");
      return [shown, ports, await target.kubectl("delete", "service/exposed")];
    },
  },
  {
    name: "vmpod evacuate-cancel: nobody empties its node",
    play: async (target) => refusal(await target.vmpod("evacuate-cancel", "vm", "resident")),
  },
  {
    name: "vmpod adm log-verbosity: the agents log more at once",
    async play(target) {
      await said(target, "adm", "log-verbosity", "--virt-handler=5");
      const shown = await said(target, "adm", "log-verbosity", "--virt-handler");
      await eventually(
        `${target.name}: the agents have heard of it`,
        stopMs,
        async () => (await target.agentLog()).includes('"verbosity":5') || undefined,
      );
      return [shown, await said(target, "adm", "log-verbosity", "--reset")];
    },
  },
  {
    name: "vmpod version, kubeconfig, completion",
    async play(target) {
      assert.equal((await said(target, "kubeconfig", "--path")).trim(), target.kubeconfig);
      assert.match(await said(target, "completion", "bash"), /log-verbosity/);
      return (await said(target, "version")).split("\n").length;
    },
  },
  {
    name: "vmpod reset: another boot of the same instance",
    async play(target) {
      const [before, boot] = [(await read(target, vmi)).metadata.uid, await bootIdNow(target)];
      await said(target, "reset", "resident");
      await eventually(`${target.name}: another boot`, bootMs, async () => {
        const now = await bootId(target);
        return now !== undefined && now !== boot ? now : undefined;
      });
      await upAgain(target);
      assert.equal((await read(target, vmi)).metadata.uid, before);
    },
  },
  {
    name: "vmpod addvolume, removevolume: a claim comes to the running guest, and goes again",
    async play(target) {
      const directory = mkdtempSync(join(tmpdir(), "vmpod-plug-"));
      chmodSync(directory, 0o777); // QEMU's user writes there
      try {
        await target.apply(...hostPathClaim("plugged", "64Mi", directory));
        const missing = refusal(await target.vmpod("addvolume", "resident", "--volume-name=missing"));
        const added = await said(target, "addvolume", "resident", "--volume-name=plugged");
        await becomes(target, vmi, pluggedPhase, "Ready", bootMs);
        await diskIsInGuest(target, "plugged", true);
        const twice = refusal(await target.vmpod("addvolume", "resident", "--volume-name=plugged"));
        const kept = await target.fieldOf(vm, ".spec.template.spec.volumes[*].name");
        const removed = await said(target, "removevolume", "resident", "--volume-name=plugged");
        await becomes(target, vmi, pluggedPhase, "", bootMs);
        await diskIsInGuest(target, "plugged", false);
        const left = await target.fieldOf(vm, ".spec.template.spec.volumes[*].name");
        await target.kubectl("delete", "pvc/plugged", "pv/plugged", "--timeout=60s");
        return { missing, added, twice, kept, removed, left };
      } finally {
        rmSync(directory, { recursive: true });
      }
    },
  },
  {
    name: "vmpod memory-dump: its memory is a file of a claim, which is let go again",
    async play(target) {
      const directory = mkdtempSync(join(tmpdir(), "vmpod-dump-"));
      chmodSync(directory, 0o777); // QEMU's user writes there
      try {
        await target.apply(...hostPathClaim("dump", "512Mi", directory));
        const asked = await said(target, "memory-dump", "get", "resident", "--claim-name=dump");
        await becomes(target, vm, ".status.memoryDumpRequest.phase", "Completed", bootMs);
        const files = readdirSync(directory);
        const headers = files.map((file) => readFileSync(join(directory, file)).subarray(1, 4).toString());
        const download = refusal(await target.vmpod("memory-dump", "download", "resident", "--output=dump.tar"));
        const removed = await said(target, "memory-dump", "remove", "resident");
        await becomes(target, vm, ".status.memoryDumpRequest.phase", "", stopMs);
        await target.kubectl("delete", "pvc/dump", "pv/dump", "--timeout=60s");
        return { asked, headers, download, removed };
      } finally {
        rmSync(directory, { recursive: true });
      }
    },
  },
  {
    name: "vmpod migrate: another pod, the same boot",
    async play(target) {
      const [pod, boot] = [(await launcherOf(target, "resident")).metadata.uid, await bootIdNow(target)];
      await said(target, "migrate", "resident");
      await becomes(target, vmi, ".status.migrationState.completed", "true", stopMs);
      assert.equal(await target.fieldOf(vmi, ".status.migrationState.failed"), "");
      const after = await onlyLauncher(target);
      assert.notEqual(after, pod);
      assert.equal(await bootIdNow(target), boot);
      return refusal(await target.vmpod("migrate-cancel", "resident"));
    },
  },
  {
    name: "vmpod migrate-cancel: it stays where it is",
    async play(target) {
      const pod = await onlyLauncher(target);
      await said(target, "migrate", "resident", "--addedNodeSelector=parity=nowhere");
      await eventually(
        `${target.name}: a launcher that waits for a node`,
        stopMs,
        async () => (await launchers(target)).length === 2 || undefined,
      );
      const shown = await said(target, "migrate-cancel", "resident");
      assert.equal(await onlyLauncher(target), pod);
      return shown;
    },
  },
  {
    name: "it is given a processor more, where it is or by a migration",
    async play(target) {
      const boot = await bootIdNow(target);
      const body = { spec: { template: { spec: { domain: { cpu: { sockets: 2 } } } } } };
      await target.kubectl("patch", vm, "--type=merge", "-p", JSON.stringify(body));
      await becomes(target, vmi, ".status.currentCPUTopology.sockets", "2", bootMs);
      await becomes(target, vmi, conditionPath("HotVCPUChange"), "", stopMs);
      await eventually(
        `${target.name}: the guest uses both`,
        stopMs,
        async () => (await inGuest(target, "nproc")) === "2\n" || undefined,
      );
      assert.equal(await bootIdNow(target), boot);
      await onlyLauncher(target);
      return target.fieldOf(vm, conditionPath("RestartRequired"));
    },
  },
];

function bootIdNow(target: Target): Promise<string> {
  return eventually(`${target.name}: it answers`, stopMs, () => bootId(target));
}

interface Trace {
  resourceSpans: { scopeSpans: { spans: { name: string }[] }[] }[];
}

async function launchers(target: Target): Promise<string[]> {
  const path = "jsonpath={.items[*].metadata.uid}";
  return (await target.kubectl("get", "pods", "-l", launcherSelector("resident"), "-o", path)).split(" ");
}

/** @returns its uid, once every other is gone */
function onlyLauncher(target: Target): Promise<string> {
  return eventually(`${target.name}: one launcher`, stopMs, async () => {
    const [uid, ...others] = await launchers(target);
    return others.length === 0 ? uid : undefined;
  });
}

/** By its serial number, which a disk on SCSI tells its guest. */
async function diskIsInGuest(target: Target, serial: string, wanted: boolean): Promise<void> {
  await eventually(`${target.name}: the guest ${wanted ? "has" : "has lost"} disk ${serial}`, bootMs, async () => {
    const found = await inGuest(target, `grep -l ${serial} /sys/block/sd*/device/vpd_pg80`);
    return (found !== "") === wanted || undefined;
  });
}
