/** Metrics of KubeVirt that vmpod does not have, with the reason. */

export const absentMetrics: Readonly<Record<string, string>> = {
  kubevirt_console_active_connections: "streams are not counted yet",
  kubevirt_node_deprecated_machine_types: "QEMU's machine types are not looked through for deprecated ones",
  kubevirt_portforward_active_tunnels: "streams are not counted yet",
  kubevirt_rest_client_rate_limiter_duration_seconds:
    "vmpod's client has no rate limiter; the API server's fairness is relied on",
  kubevirt_rest_client_request_latency_seconds:
    "requests are counted where they are answered: apiserver_request_duration_seconds",
  kubevirt_rest_client_requests_total: "requests are counted where they are answered: apiserver_request_total",
  kubevirt_usbredir_active_connections: "streams are not counted yet",
  kubevirt_virt_api_ready_status: "the readiness of pods says the same",
  kubevirt_virt_operator_leading_status: "there is no operator: `vmpod install` does its work",
  kubevirt_virt_operator_ready_status: "there is no operator: `vmpod install` does its work",
  kubevirt_vm_created_by_pod_total: "apiserver_request_total counts what is created",
  kubevirt_vm_disk_allocated_size_bytes: "the sizes of claims are kube-state-metrics' business",
  kubevirt_vmi_gpu_info: "there are no GPUs for guests yet",
  kubevirt_vmi_last_api_connection_timestamp_seconds: "streams are not counted yet",
  kubevirt_vmi_sync_total: "reconciliations are not counted",
  kubevirt_vmi_vcpu_wait_seconds_total:
    "it is how long a halted vCPU waited, which only KVM's debugging interface tells",
  kubevirt_vmsnapshot_succeeded_timestamp_seconds: "there are no snapshots yet",
  kubevirt_vnc_active_connections: "streams are not counted yet",
  kubevirt_workqueue_adds_total: "work queues are not counted",
  kubevirt_workqueue_depth: "work queues are not counted",
  kubevirt_workqueue_longest_running_processor_seconds: "work queues are not counted",
  kubevirt_workqueue_queue_duration_seconds: "work queues are not counted",
  kubevirt_workqueue_retries_total: "work queues are not counted",
  kubevirt_workqueue_unfinished_work_seconds: "work queues are not counted",
  kubevirt_workqueue_work_duration_seconds: "work queues are not counted",
};
