/**
 * Recording rules and alerts on the metrics that there are, with KubeVirt's names, as a PrometheusRule of the Prometheus operator
 * (deploy/prometheus-rules.yaml). Pure.
 */
import type { KubeObject } from "../../api/meta.ts";

export interface RecordingRule {
  record: string;
  expr: string;
}

export interface AlertRule {
  alert: string;
  expr: string;
  /** How long it must hold, e.g. `5m`. */
  for?: string;
  severity: "info" | "warning" | "critical";
  summary: string;
}

const ofGuest = "sum by (name, namespace)";

export const recordingRules: readonly RecordingRule[] = [
  { record: "namespace:kubevirt_vm:sum", expr: "count by (namespace) (kubevirt_vm_info)" },
  {
    record: "node:kubevirt_vmi_phase:sum",
    expr: "sum by (node, phase, os, workload, flavor, instance_type, preference, guest_os_kernel_release, guest_os_machine, guest_os_arch, guest_os_name, guest_os_version_id) (kubevirt_vmi_info)",
  },
  {
    record: "cluster:kubevirt_virt_controller_ready:sum",
    expr: "sum(kubevirt_virt_controller_ready_status) or vector(0)",
  },
  {
    record: "cluster:kubevirt_virt_controller_leading:sum",
    expr: "sum(kubevirt_virt_controller_leading_status) or vector(0)",
  },
  { record: "cluster:kubevirt_virt_handler_ready:sum", expr: "sum(kubevirt_virt_handler_ready_status) or vector(0)" },
  { record: "vmi:kubevirt_vmi_memory_available_bytes:sum", expr: `${ofGuest} (kubevirt_vmi_memory_available_bytes)` },
  {
    record: "vmi:kubevirt_vmi_memory_used_bytes:sum",
    expr: `${ofGuest} (kubevirt_vmi_memory_available_bytes - kubevirt_vmi_memory_usable_bytes)`,
  },
  {
    record: "vmi:kubevirt_vmi_memory_headroom_ratio:sum",
    expr: `${ofGuest} (kubevirt_vmi_memory_usable_bytes) / ${ofGuest} (kubevirt_vmi_memory_available_bytes)`,
  },
  ...["5m", "30m"].flatMap((range) => [
    {
      record: `vmi:kubevirt_vmi_pgmajfaults:rate${range}`,
      expr: `${ofGuest} (rate(kubevirt_vmi_memory_pgmajfault_total[${range}]))`,
    },
    {
      record: `vmi:kubevirt_vmi_swap_traffic_bytes:rate${range}`,
      expr: `${ofGuest} (rate(kubevirt_vmi_memory_swap_in_traffic_bytes[${range}]) + rate(kubevirt_vmi_memory_swap_out_traffic_bytes[${range}]))`,
    },
  ]),
  {
    record: "vmi:kubevirt_vmi_vcpu:count",
    expr: 'count by (node, namespace, name) (kubevirt_vmi_vcpu_seconds_total{state="running"})',
  },
  {
    record: "vmi:kubevirt_vmi_guest_queue_length:sum",
    expr: "clamp_min(sum by (node, namespace, name) (kubevirt_vmi_guest_load_1m) - vmi:kubevirt_vmi_vcpu:count, 0)",
  },
];

const filesystemUse = "kubevirt_vmi_filesystem_used_bytes / kubevirt_vmi_filesystem_capacity_bytes * 100";
const guest = "{{ $labels.namespace }}/{{ $labels.name }}";

export const alertRules: readonly AlertRule[] = [
  {
    alert: "NoLeadingVirtController",
    expr: "cluster:kubevirt_virt_controller_leading:sum == 0",
    for: "10m",
    severity: "critical",
    summary: "No controller has been leading: machines are neither started nor stopped.",
  },
  {
    alert: "NoReadyVirtHandler",
    expr: "cluster:kubevirt_virt_handler_ready:sum == 0",
    for: "10m",
    severity: "critical",
    summary: "No node agent tells metrics: guests go on, but nothing can be done with them.",
  },
  {
    alert: "GuestFilesystemAlmostOutOfSpace",
    expr: `${filesystemUse} >= 85 and ${filesystemUse} < 95`,
    for: "5m",
    severity: "warning",
    summary: `The file system {{ $labels.mount_point }} of ${guest} is used to 85 % or more.`,
  },
  {
    alert: "GuestFilesystemAlmostOutOfSpace",
    expr: `${filesystemUse} >= 95`,
    for: "5m",
    severity: "critical",
    summary: `The file system {{ $labels.mount_point }} of ${guest} is used to 95 % or more.`,
  },
  {
    alert: "KubeVirtVMGuestMemoryAvailableLow",
    expr: "vmi:kubevirt_vmi_memory_headroom_ratio:sum < 0.03",
    for: "30m",
    severity: "info",
    summary: `The guest of ${guest} has less than 3 % of its memory left.`,
  },
  {
    alert: "KubeVirtVMGuestMemoryPressure",
    expr: "vmi:kubevirt_vmi_memory_headroom_ratio:sum < 0.05 and on (name, namespace) (vmi:kubevirt_vmi_pgmajfaults:rate5m > 5 or vmi:kubevirt_vmi_swap_traffic_bytes:rate5m > 1048576)",
    for: "5m",
    severity: "warning",
    summary: `The guest of ${guest} is short of memory, and pays for it with page faults or swapping.`,
  },
  {
    alert: "GuestVCPUQueueHighWarning",
    expr: "vmi:kubevirt_vmi_guest_queue_length:sum > 10",
    severity: "warning",
    summary: `More than 10 tasks of ${guest} wait for a vCPU.`,
  },
  {
    alert: "GuestVCPUQueueHighCritical",
    expr: "vmi:kubevirt_vmi_guest_queue_length:sum > 20",
    severity: "critical",
    summary: `More than 20 tasks of ${guest} wait for a vCPU.`,
  },
  {
    alert: "VMNonRecoverableOSPanic",
    expr: "increase(kubevirt_vmi_guest_os_panic_total[10m]) > 0",
    severity: "critical",
    summary: `The guest of ${guest} panicked.`,
  },
  {
    alert: "OutdatedVirtualMachineInstanceWorkloads",
    expr: "kubevirt_vmi_number_of_outdated > 0",
    for: "24h",
    severity: "warning",
    summary: "{{ $value }} instances run the launcher of an earlier version: migrate or restart them.",
  },
  {
    alert: "VMCannotBeEvicted",
    expr: "kubevirt_vmi_non_evictable > 0",
    for: "1m",
    severity: "warning",
    summary: `${guest} is to be migrated when its node is emptied, but cannot be: the node cannot be emptied.`,
  },
  {
    alert: "VirtualMachineStuckInUnhealthyState",
    expr: "(kubevirt_vm_error_status_last_transition_timestamp_seconds > 0 and time() - kubevirt_vm_error_status_last_transition_timestamp_seconds > 300) or (kubevirt_vm_starting_status_last_transition_timestamp_seconds > 0 and time() - kubevirt_vm_starting_status_last_transition_timestamp_seconds > 600)",
    for: "5m",
    severity: "warning",
    summary: `${guest} has not come up: \`vmpod explain vm/{{ $labels.name }} -n {{ $labels.namespace }}\` says why.`,
  },
];

export function renderPrometheusRule(namespace: string): KubeObject & Record<string, unknown> {
  return {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PrometheusRule",
    metadata: {
      name: "vmpod",
      namespace,
      labels: { "prometheus.kubevirt.io": "true", "app.kubernetes.io/part-of": "vmpod" },
    },
    spec: {
      groups: [
        { name: "vmpod.records", rules: recordingRules.map(({ record, expr }) => ({ record, expr })) },
        { name: "vmpod.alerts", rules: alertRules.map(renderAlert) },
      ],
    },
  };
}

function renderAlert({ alert, expr, for: held, severity, summary }: AlertRule): object {
  return { alert, expr, ...(held && { for: held }), labels: { severity }, annotations: { summary } };
}
