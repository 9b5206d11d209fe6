/**
 * What a KubeVirt resource says of the installation itself, beside `configuration` and `workloadUpdateStrategy`. KubeVirt's operator installs by
 * it; vmpod is installed by `vmpod install`, or its Helm chart, which are told instead. Pure.
 */
import { isUnset } from "./unset.ts";

interface Setting {
  reason: string;
  /** Says what is so anyway, and so asks for nothing. */
  isDefault?: (value: unknown) => boolean;
}

const toInstall = (flag: string): Setting => ({ reason: `remove it, and say it to \`vmpod install\` (${flag})` });
const noMonitors: Setting = {
  reason:
    "no ServiceMonitor is made: remove it, and let Prometheus find vmpod's pods by their annotations (docs/metrics.md)",
};

/** By field of the resource's spec. */
export const refusedInstallation: Readonly<Record<string, Setting>> = {
  certificateRotateStrategy: { reason: "certificates are made anew well before they end: remove it" },
  customizeComponents: {
    reason: "remove it, and change what `vmpod install --dry-run` prints, or the values of the Helm chart",
  },
  imagePullPolicy: {
    reason: "remove it: images with a fixed tag are pulled once",
    isDefault: (value) => value === "IfNotPresent",
  },
  imagePullSecrets: toInstall("--image-pull-secret"),
  imageRegistry: toInstall("--registry"),
  imageTag: toInstall("--tag"),
  infra: toInstall("--replicas"),
  monitorAccount: noMonitors,
  monitorNamespace: noMonitors,
  serviceMonitorNamespace: noMonitors,
  synchronizationPort: { reason: "migrations between clusters are not available yet: remove it" },
  uninstallStrategy: {
    reason:
      "remove it: `vmpod uninstall` refuses as long as there are machines, unless it is told to delete them (--with-machines)",
    isDefault: (value) => value === "BlockUninstallIfWorkloadsExist",
  },
  workloads: toInstall("--node-selector"),
};

/** Those that may say what they like, with the reason. */
export const inertInstallation: Readonly<Record<string, string>> = {
  productComponent: "a label for people, which vmpod's objects do not have",
  productName: "a label for people, which vmpod's objects do not have",
  productVersion: "a label for people, which vmpod's objects do not have",
};

/** One sentence for each setting that is not honoured. */
export function installationProblems({ spec }: { spec: object }): string[] {
  return Object.entries(spec).flatMap(([field, value]: [string, unknown]) => {
    const setting = Object.hasOwn(refusedInstallation, field) ? refusedInstallation[field] : undefined;
    if (setting === undefined || isUnset(value) || setting.isDefault?.(value)) return [];
    return [`spec.${field} ${JSON.stringify(value)} is not honoured: ${setting.reason}`];
  });
}
