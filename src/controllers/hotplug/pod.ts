/**
 * The pod that brings a claim to the node of a running guest, and serves the disk in it to QEMU by NBD: the launcher is given no more volumes
 * once it runs. Pure.
 */
import { createHash } from "node:crypto";
import type { PersistentVolumeClaim, Pod } from "../../../api/core.ts";
import { attachedVolumeAnnotation, attachmentApp, type PluggedVolume } from "../../../api/kubevirt/hotplug-volume.ts";
import { labels } from "../../../api/kubevirt/names.ts";
import { virtualMachineInstances } from "../../../api/kubevirt/resources.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { quantityToNumber } from "../../base/quantity.ts";
import { launcherPaths, servedSocket } from "../../qemu/domain/paths.ts";
import { controllerReference } from "../../runtime/owner-references.ts";
import { besideGuest, unprivileged } from "../virtualmachineinstance/launcher/beside-guest.ts";
import { defaultGracePeriodSeconds } from "../virtualmachineinstance/launcher/pod.ts";
import type { Confinement } from "../virtualmachineinstance/launcher/pod-security.ts";

export interface AttachmentContext {
  vmi: VirtualMachineInstance;
  volume: PluggedVolume;
  claim: PersistentVolumeClaim;
  /** It has the program that serves. */
  launcherImage: string;
  configuration: Confinement;
}

export function renderAttachment({ vmi, volume, claim, launcherImage, configuration }: AttachmentContext): Pod {
  const readOnly = volume.readOnly === true;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: attachmentName(vmi, volume),
      namespace: vmi.metadata?.namespace,
      labels: { [labels.app]: attachmentApp },
      annotations: { [attachedVolumeAnnotation]: volume.name },
      ownerReferences: [controllerReference(virtualMachineInstances, vmi)],
    },
    spec: {
      ...besideGuest(vmi, configuration),
      // It goes when QEMU has gone, whose guest may take so long to shut down.
      terminationGracePeriodSeconds: (vmi.spec.terminationGracePeriodSeconds ?? defaultGracePeriodSeconds) + 5,
      restartPolicy: "Always",
      volumes: [
        { name: "run", emptyDir: {} },
        { name: "served", persistentVolumeClaim: { claimName: volume.claimName, ...(readOnly && { readOnly }) } },
      ],
      containers: [
        {
          name: "serve",
          image: launcherImage,
          imagePullPolicy: "IfNotPresent",
          command: [
            launcherPaths.serveDisk,
            `${launcherPaths.run}/${servedSocket}`,
            `${launcherPaths.served}/disk.img`,
            String(bytesOf(claim)),
            ...serverArguments(vmi, volume),
          ],
          // What it does is the guest's work: it has no limit of processor time.
          resources: { requests: { cpu: "10m", memory: "32Mi" }, limits: { memory: "256Mi" } },
          securityContext: unprivileged,
          terminationMessagePolicy: "FallbackToLogsOnError",
          volumeMounts: [
            { name: "run", mountPath: launcherPaths.run },
            { name: "served", mountPath: launcherPaths.served, ...(readOnly && { readOnly }) },
          ],
        },
      ],
    },
  };
}

/** One for a volume and its claim at a time, whoever makes it. */
function attachmentName({ metadata }: VirtualMachineInstance, { name, claimName }: PluggedVolume): string {
  const digest = createHash("sha256").update(`${metadata?.uid} ${name} ${claimName}`).digest("hex");
  return `hp-volume-${metadata?.name}-${digest.slice(0, 8)}`;
}

/** As qemu-nbd is told what QEMU would be of a file of its own. */
function serverArguments({ spec }: VirtualMachineInstance, { name, readOnly }: PluggedVolume): string[] {
  const disk = spec.domain.devices.disks?.find((each) => each.name === name);
  const isReadOnly = readOnly || (disk?.disk ?? disk?.lun)?.readonly === true;
  return [
    disk?.shareable ? "shared" : "alone",
    `--cache=${disk?.cache || (disk?.io === "native" ? "none" : "writeback")}`,
    ...(disk?.io ? [`--aio=${disk.io}`] : []),
    ...(isReadOnly ? ["--read-only"] : ["--discard=unmap", "--detect-zeroes=unmap"]),
  ];
}

/** Of the disk, if the claim has none yet. */
function bytesOf({ spec, status }: PersistentVolumeClaim): number {
  return quantityToNumber(status?.capacity?.["storage"] ?? spec?.resources?.requests?.["storage"] ?? 0);
}
