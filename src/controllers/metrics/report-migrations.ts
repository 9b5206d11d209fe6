/** Metrics of all migrations that are in the API. Pure. */
import type { VirtualMachineInstanceMigration } from "../../../api/kubevirt/resources.ts";
import { controllerMetrics as metrics } from "../../telemetry/catalogue/controller.ts";
import type { Metric } from "../../telemetry/metric.ts";
import type { Scrape } from "../../telemetry/scrape.ts";

type Migration = VirtualMachineInstanceMigration;

const phasesOf: [Metric<never>, readonly (string | undefined)[]][] = [
  [metrics.migrationsUnset, [undefined, ""]],
  [metrics.migrationsPending, ["Pending"]],
  [metrics.migrationsScheduling, ["Scheduling"]],
  [metrics.migrationsRunning, ["Scheduled", "PreparingTarget", "TargetReady", "Running"]],
];

export function reportMigrations(scrape: Scrape, migrations: readonly Migration[]): void {
  for (const [metric, phases] of phasesOf)
    scrape.add(metric, {}, migrations.filter(({ status }) => phases.includes(status?.phase)).length);
  for (const { metadata, spec, status } of migrations) {
    const labels = { vmi: spec.vmiName ?? "", vmim: metadata?.name ?? "", namespace: metadata?.namespace ?? "" };
    if (status?.phase === "Succeeded") scrape.add(metrics.migrationSucceeded, labels, 1);
    if (status?.phase === "Failed") scrape.add(metrics.migrationFailed, labels, 1);
  }
}
