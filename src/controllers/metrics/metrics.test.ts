import assert from "node:assert/strict";
import { test } from "node:test";
import type { VirtualMachineInstanceMigration } from "../../../api/kubevirt/resources.ts";
import { sampleVm, sampleVmi } from "../../../api/kubevirt/sample.ts";
import { Scrape } from "../../telemetry/scrape.ts";
import { createPhaseTimes, vmiTimes } from "./phase-times.ts";
import { reportMigrations } from "./report-migrations.ts";
import { reportVm, reportVmLabels, statusGroup } from "./report-vm.ts";
import { reportVmi } from "./report-vmi.ts";

const around = {
  vm: undefined,
  podName: "virt-launcher-a-x",
  launcherImage: "launcher:2",
  evictionStrategy: undefined,
  migrationName: "m1",
};

async function samplesOf(report: (scrape: Scrape) => void): Promise<string[]> {
  const scrape = new Scrape();
  report(scrape);
  return (await scrape.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

function holds(samples: readonly string[], expected: readonly (string | RegExp)[]): void {
  for (const each of expected) {
    const found = samples.some((line) => (typeof each === "string" ? line === each : each.test(line)));
    assert.ok(found, `${String(each)}\n\n${samples.join("\n")}`);
  }
}

test("a machine: what it is, how it is and since when, what it asks for", async () => {
  const vm = sampleVm((each) => {
    each.metadata = { ...each.metadata, creationTimestamp: "2026-01-01T00:00:00Z" };
    each.spec.template.metadata = { annotations: { "vm.kubevirt.io/os": "debian" } };
    each.spec.template.spec.domain.cpu = { cores: 2 };
    each.spec.instancetype = { name: "u1.small" };
    const conditions = [{ type: "Ready", status: "True" as const, lastTransitionTime: "2026-01-01T00:01:00Z" }];
    each.status = { printableStatus: "Running", conditions };
  });
  const vmi = sampleVmi((each) => {
    each.spec.domain.cpu = { sockets: 1, cores: 2, threads: 1 };
  });
  holds(await samplesOf((scrape) => reportVm(scrape, vm, vmi)), [
    /^kubevirt_vm_info\{name="a",namespace="default",os="debian",.*instance_type="u1.small",preference="<none>",.*status="running",status_group="running"\} 1$/,
    'kubevirt_vm_create_date_timestamp_seconds{name="a",namespace="default"} 1767225600',
    'kubevirt_vm_running_status_last_transition_timestamp_seconds{name="a",namespace="default"} 1767225660',
    'kubevirt_vm_error_status_last_transition_timestamp_seconds{name="a",namespace="default"} 0',
    'kubevirt_vm_resource_requests{name="a",namespace="default",resource="memory",unit="bytes",source="guest"} 134217728',
    'kubevirt_vm_resource_requests{name="a",namespace="default",resource="cpu",unit="cores",source="domain"} 2',
    'kubevirt_vm_resource_requests{name="a",namespace="default",resource="cpu",unit="threads",source="default"} 1',
    'kubevirt_vm_resource_requests{name="a",namespace="default",resource="cpu",unit="cores",source="guest_effective"} 2',
    'kubevirt_vm_vnic_info{name="a",namespace="default",vnic_name="default",binding_type="core",network="pod networking",binding_name="masquerade",model="<none>"} 1',
  ]);
});

test("how a machine is, in groups; what is unheard of is an error", () => {
  const table: [string | undefined, string][] = [
    ["Starting", "starting"],
    ["Running", "running"],
    ["Migrating", "migrating"],
    ["Stopped", "non_running"],
    ["Paused", "non_running"],
    ["CrashLoopBackOff", "error"],
    ["ErrorUnschedulable", "error"],
    [undefined, "non_running"],
  ];
  for (const [status, group] of table) assert.equal(statusGroup(status), group, status);
});

test("machines' labels, as labels of one metric", async () => {
  const labelled = (name: string, labels: Record<string, string>) =>
    sampleVm((vm) => {
      vm.metadata = { ...vm.metadata, name, labels };
    });
  const vms = [labelled("a", { "app.kubernetes.io/name": "x" }), labelled("b", { tier: 'a"b' }), labelled("c", {})];
  assert.deepEqual(await samplesOf((scrape) => reportVmLabels(scrape, vms)), [
    'kubevirt_vm_labels{name="a",namespace="default",label_app_kubernetes_io_name="x"} 1',
    'kubevirt_vm_labels{name="b",namespace="default",label_tier="a\\"b"} 1',
  ]);
});

test("an instance: where it runs, what its guest is, whether a drain can move it", async () => {
  const vmi = sampleVmi((each) => {
    each.spec.evictionStrategy = "LiveMigrate";
    each.status = {
      phase: "Running",
      nodeName: "n",
      launcherContainerImageVersion: "launcher:1",
      guestOSInfo: { name: "Debian", kernelRelease: "6.1" },
      interfaces: [{ name: "default", ipAddresses: ["10.0.0.2"] }, { ipAddresses: ["172.17.0.1"] }],
      conditions: [
        { type: "LiveMigratable", status: "False" },
        { type: "SoftwareEmulation", status: "True" },
      ],
      migrationState: { startTimestamp: "2026-01-01T00:00:00Z", endTimestamp: "2026-01-01T00:00:05Z", completed: true },
    };
  });
  holds(await samplesOf((scrape) => reportVmi(scrape, vmi, around)), [
    /^kubevirt_vmi_info\{node="n",namespace="default",name="a",.*phase="running",.*guest_os_kernel_release="6.1",.*guest_os_name="Debian",.*evictable="false",outdated="true",vmi_pod="virt-launcher-a-x"\} 1$/,
    'kubevirt_vmi_non_evictable{node="n",namespace="default",name="a"} 1',
    /^kubevirt_vmi_launcher_memory_overhead_bytes\{namespace="default",name="a"\} [1-9]\d{7,}$/,
    'kubevirt_vmi_status_addresses{node="n",namespace="default",name="a",network_name="default",address="10.0.0.2",type="ExternalInterface"} 1',
    'kubevirt_vmi_status_addresses{node="n",namespace="default",name="a",network_name="",address="172.17.0.1",type="SystemInterface"} 1',
    'kubevirt_vmi_migration_end_time_seconds{node="n",namespace="default",name="a",migration_name="m1",status="succeeded"} 1767225605',
  ]);
  vmi.status = { phase: "Failed" };
  const ended = await samplesOf((scrape) => reportVmi(scrape, vmi, around));
  assert.equal(ended.length, 1, ended.join("\n"));
});

test("migrations by phase", async () => {
  const migrations = [undefined, "Pending", "TargetReady", "Running", "Succeeded", "Failed"].map(
    (phase, index): VirtualMachineInstanceMigration => ({
      metadata: { name: `m${index}`, namespace: "default" },
      spec: { vmiName: "a" },
      ...(phase && { status: { phase } }),
    }),
  );
  assert.deepEqual(await samplesOf((scrape) => reportMigrations(scrape, migrations)), [
    "kubevirt_vmi_migrations_in_unset_phase 1",
    "kubevirt_vmi_migrations_in_pending_phase 1",
    "kubevirt_vmi_migrations_in_scheduling_phase 0",
    "kubevirt_vmi_migrations_in_running_phase 2",
    'kubevirt_vmi_migration_succeeded{vmi="a",vmim="m4",namespace="default"} 1',
    'kubevirt_vmi_migration_failed{vmi="a",vmim="m5",namespace="default"} 1',
  ]);
});

const inPhase = (phase: string, transitions: Record<string, string>) =>
  sampleVmi((vmi) => {
    vmi.metadata = { ...vmi.metadata, creationTimestamp: "2026-01-01T00:00:00Z", deletionTimestamp: undefined };
    vmi.status = {
      phase,
      phaseTransitionTimestamps: Object.entries(transitions).map(([name, second]) => ({
        phase: name,
        phaseTransitionTimestamp: `2026-01-01T00:00:${second}Z`,
      })),
    };
  });

test("how long an instance took to come to a phase", () => {
  const before = inPhase("Scheduled", { Scheduled: "04" });
  const running = inPhase("Running", { Scheduled: "04", Running: "10" });
  const { between, fromCreation, fromDeletion } = vmiTimes(running, before);
  assert.deepEqual([between, fromCreation, fromDeletion], [6, 10, undefined]);
  const ended = inPhase("Succeeded", { Running: "10", Succeeded: "30" });
  ended.metadata = { ...ended.metadata, deletionTimestamp: "2026-01-01T00:00:25Z" };
  assert.equal(vmiTimes(ended, running).fromDeletion, 5);
  assert.equal(vmiTimes(inPhase("Running", {}), before).between, undefined);
});

test("a change of phase is counted once; what a controller finds when it starts is not", async () => {
  const times = createPhaseTimes();
  const before = inPhase("Scheduled", { Scheduled: "04" });
  const running = inPhase("Running", { Scheduled: "04", Running: "10" });
  times.noteVmi({ type: "added", object: running, previous: undefined });
  times.noteVmi({ type: "updated", object: running, previous: before });
  times.noteVmi({ type: "updated", object: running, previous: running });
  holds((await times.text()).split("\n"), [
    'kubevirt_vmi_phase_transition_time_seconds_bucket{le="5",phase="Running",last_phase="Scheduled"} 0',
    'kubevirt_vmi_phase_transition_time_seconds_bucket{le="10",phase="Running",last_phase="Scheduled"} 1',
    'kubevirt_vmi_phase_transition_time_seconds_count{phase="Running",last_phase="Scheduled"} 1',
    'kubevirt_vmi_phase_transition_time_from_creation_seconds_sum{phase="Running"} 10',
  ]);
});
