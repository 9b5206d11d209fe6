/**
 * The pod that writes a guest's memory into a claim, on the node where the guest is. QEMU sends it through a pipe, so its own pod needs not
 * have the claim. Pure.
 */
import { createHash } from "node:crypto";
import type { Pod } from "../../../api/core.ts";
import { dumpApp, dumpFileAnnotation, dumpOfLabel } from "../../../api/kubevirt/memory-dump.ts";
import { labels } from "../../../api/kubevirt/names.ts";
import { virtualMachineInstances } from "../../../api/kubevirt/resources.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { quantityToNumber } from "../../base/quantity.ts";
import { dumpPipe, launcherPaths } from "../../qemu/domain/paths.ts";
import { controllerReference } from "../../runtime/owner-references.ts";
import { besideGuest, unprivileged } from "../virtualmachineinstance/launcher/beside-guest.ts";
import type { Confinement } from "../virtualmachineinstance/launcher/pod-security.ts";

export interface DumpPodContext {
  vmi: VirtualMachineInstance;
  claimName: string;
  now: Date;
  /** It has the program that writes. */
  launcherImage: string;
  configuration: Confinement;
}

/** Devices of old hide a little of a guest's memory, and then it is not in the dump. */
const hiddenBytes = 4 * 1024 ** 2;

export function renderDumpPod({ vmi, claimName, now, launcherImage, configuration }: DumpPodContext): Pod {
  const { name = "", namespace } = vmi.metadata ?? {};
  const prefix = `${name}-${claimName}-`;
  const file = `${prefix}${fileTime(now)}.memory.dump`;
  const least = Math.max(0, quantityToNumber(vmi.spec.domain.memory?.guest ?? 0) - hiddenBytes);
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: dumpPodName(vmi, claimName),
      namespace,
      labels: { [labels.app]: dumpApp, [dumpOfLabel]: name },
      annotations: { [dumpFileAnnotation]: file },
      ownerReferences: [controllerReference(virtualMachineInstances, vmi)],
    },
    spec: {
      restartPolicy: "Never",
      ...besideGuest(vmi, configuration),
      volumes: [
        { name: "run", emptyDir: {} },
        { name: "dump", persistentVolumeClaim: { claimName } },
      ],
      containers: [
        {
          name: "dump",
          image: launcherImage,
          imagePullPolicy: "IfNotPresent",
          command: [
            launcherPaths.dumpMemory,
            `${launcherPaths.run}/${dumpPipe}`,
            launcherPaths.dump,
            prefix,
            file,
            String(least),
          ],
          // The guest stands still meanwhile: a limit of processor time would only make that longer.
          resources: { requests: { cpu: "10m", memory: "32Mi" }, limits: { cpu: "2", memory: "128Mi" } },
          securityContext: unprivileged,
          terminationMessagePolicy: "FallbackToLogsOnError",
          volumeMounts: [
            { name: "run", mountPath: launcherPaths.run },
            { name: "dump", mountPath: launcherPaths.dump },
          ],
        },
      ],
    },
  };
}

/** One of an instance at a time, whoever makes it. */
export function dumpPodName({ metadata }: VirtualMachineInstance, claimName: string): string {
  const digest = createHash("sha256").update(`${metadata?.uid} ${claimName}`).digest("hex");
  return `memory-dump-${metadata?.name}-${digest.slice(0, 5)}`;
}

/** As upstream names its files: 20260102-030405. */
function fileTime(now: Date): string {
  return now.toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-");
}
