/** A guest's sample as samples of metrics. Pure. */
import type { BlockStatistics } from "../../qemu/qmp/commands.ts";
import type { GuestFilesystem } from "../../qemu/guest-agent/queries.ts";
import { nodeMetrics as metrics } from "../../telemetry/catalogue/node.ts";
import type { Scrape } from "../../telemetry/scrape.ts";
import type { InterfaceCounters } from "./interface-counters.ts";
import type { MachineSample } from "./sample.ts";

export interface Guest {
  node: string;
  namespace: string;
  name: string;
}

export function reportMachine(scrape: Scrape, guest: Guest, sample: MachineSample): void {
  reportProcessor(scrape, guest, sample);
  reportMemory(scrape, guest, sample);
  for (const [drive, statistics] of sample.drives ?? []) reportDrive(scrape, { ...guest, drive }, statistics);
  for (const [name, counters] of sample.interfaces ?? [])
    reportInterface(scrape, { ...guest, interface: name }, counters);
  reportFilesystems(scrape, guest, sample.filesystems ?? []);
  scrape.add(metrics.load1m, guest, sample.load?.oneMinute);
  scrape.add(metrics.load5m, guest, sample.load?.fiveMinutes);
  scrape.add(metrics.load15m, guest, sample.load?.fifteenMinutes);
  scrape.add(metrics.panics, guest, sample.panics);
  reportMigration(scrape, guest, sample);
}

function reportProcessor(scrape: Scrape, guest: Guest, { time, vcpus, state }: MachineSample): void {
  scrape.add(metrics.cpuUsage, guest, time && time.userSeconds + time.systemSeconds);
  scrape.add(metrics.cpuUser, guest, time?.userSeconds);
  scrape.add(metrics.cpuSystem, guest, time?.systemSeconds);
  for (const [index, { runSeconds, delaySeconds }] of vcpus ?? []) {
    const id = String(index);
    scrape.add(metrics.vcpuSeconds, { ...guest, id, state }, runSeconds);
    scrape.add(metrics.vcpuDelay, { ...guest, id }, delaySeconds);
  }
  const affinities = [...(vcpus?.values() ?? [])].reduce((sum, { cpus }) => sum + cpus, 0);
  scrape.add(metrics.cpuAffinity, guest, vcpus && affinities);
}

/** What the balloon's driver does not tell it says as the largest number of 64 bits. */
const unknown = 2 ** 64;

function reportMemory(scrape: Scrape, guest: Guest, sample: MachineSample): void {
  const told = (name: string): number | undefined => {
    const value = sample.guestMemory?.[name];
    return value === undefined || value < 0 || value >= unknown ? undefined : value;
  };
  scrape.add(metrics.memoryResident, guest, sample.residentBytes);
  scrape.add(metrics.memoryDomain, guest, sample.memoryBytes);
  scrape.add(metrics.memoryActualBalloon, guest, sample.balloonBytes);
  scrape.add(metrics.memoryAvailable, guest, told("stat-total-memory"));
  scrape.add(metrics.memoryUnused, guest, told("stat-free-memory"));
  scrape.add(metrics.memoryUsable, guest, told("stat-available-memory"));
  scrape.add(metrics.memoryCached, guest, told("stat-disk-caches"));
  scrape.add(metrics.memorySwapIn, guest, told("stat-swap-in"));
  scrape.add(metrics.memorySwapOut, guest, told("stat-swap-out"));
  scrape.add(metrics.majorFaults, guest, told("stat-major-faults"));
  scrape.add(metrics.minorFaults, guest, told("stat-minor-faults"));
  const { status, "dirty-rate": mebibytes } = sample.dirtyRate ?? {};
  if (status === "measured" && mebibytes !== undefined) scrape.add(metrics.dirtyRate, guest, mebibytes * 1024 * 1024);
}

const seconds = (nanoseconds: number): number => nanoseconds / 1e9;

function reportDrive(scrape: Scrape, drive: Guest & { drive: string }, statistics: BlockStatistics): void {
  scrape.add(metrics.storageReads, drive, statistics.rd_operations);
  scrape.add(metrics.storageWrites, drive, statistics.wr_operations);
  scrape.add(metrics.storageReadBytes, drive, statistics.rd_bytes);
  scrape.add(metrics.storageWriteBytes, drive, statistics.wr_bytes);
  scrape.add(metrics.storageReadTime, drive, seconds(statistics.rd_total_time_ns));
  scrape.add(metrics.storageWriteTime, drive, seconds(statistics.wr_total_time_ns));
  scrape.add(metrics.storageFlushes, drive, statistics.flush_operations);
  scrape.add(metrics.storageFlushTime, drive, seconds(statistics.flush_total_time_ns));
}

function reportInterface(scrape: Scrape, nic: Guest & { interface: string }, counters: InterfaceCounters): void {
  scrape.add(metrics.receivedBytes, nic, counters.receivedBytes);
  scrape.add(metrics.receivedPackets, nic, counters.receivedPackets);
  scrape.add(metrics.receiveErrors, nic, counters.receiveErrors);
  scrape.add(metrics.receiveDrops, nic, counters.receiveDrops);
  scrape.add(metrics.sentBytes, nic, counters.sentBytes);
  scrape.add(metrics.sentPackets, nic, counters.sentPackets);
  scrape.add(metrics.sendErrors, nic, counters.sendErrors);
  scrape.add(metrics.sendDrops, nic, counters.sendDrops);
  scrape.add(metrics.traffic, { ...nic, type: "rx" }, counters.receivedBytes);
  scrape.add(metrics.traffic, { ...nic, type: "tx" }, counters.sentBytes);
}

/** Each is a time series for ever, and the guest chooses how many and what they are called. */
const mostFilesystems = 64;
const longestPath = 256;

function reportFilesystems(scrape: Scrape, guest: Guest, filesystems: readonly GuestFilesystem[]): void {
  for (const { name, mountpoint, type, usedBytes, totalBytes } of filesystems.slice(0, mostFilesystems)) {
    const labels = { ...guest, disk_name: name, mount_point: mountpoint.slice(0, longestPath), file_system_type: type };
    scrape.add(metrics.filesystemCapacity, labels, totalBytes);
    scrape.add(metrics.filesystemUsed, labels, usedBytes);
  }
}

function reportMigration(scrape: Scrape, guest: Guest, { migration }: MachineSample): void {
  if (migration?.ram === undefined || !isMoving(migration.status)) return;
  const { transferred, remaining, total, "dirty-pages-rate": dirtyPages, "page-size": pageSize, mbps } = migration.ram;
  scrape.add(metrics.migrationProcessed, guest, transferred);
  scrape.add(metrics.migrationRemaining, guest, remaining);
  scrape.add(metrics.migrationTotal, guest, total);
  scrape.add(metrics.migrationDirtyRate, guest, (dirtyPages ?? 0) * (pageSize ?? 4096));
  scrape.add(metrics.migrationTransferRate, guest, ((mbps ?? 0) * 1e6) / 8);
}

function isMoving(status: string | undefined): boolean {
  return status !== undefined && !["none", "completed", "failed", "cancelled"].includes(status);
}
