/** What a volume can be made of: exactly one of these. */
export const volumeSources = [
  "cloudInitConfigDrive",
  "cloudInitNoCloud",
  "configMap",
  "containerDisk",
  "containerPath",
  "dataVolume",
  "downwardAPI",
  "downwardMetrics",
  "emptyDisk",
  "ephemeral",
  "hostDisk",
  "memoryDump",
  "persistentVolumeClaim",
  "secret",
  "serviceAccount",
  "sysprep",
] as const;
