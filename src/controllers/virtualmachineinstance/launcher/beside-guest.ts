/** What pods have in common that work for a running guest beside its launcher. Pure. */
import type { Container, Pod } from "../../../../api/core.ts";
import type { VirtualMachineInstance } from "../../../../api/kubevirt/types.ts";
import { type Confinement, podSecurity } from "./pod-security.ts";

type PodSpec = NonNullable<Pod["spec"]>;

/** As QEMU's user on its node, and gone at once when it is told to. */
export function besideGuest(
  { status }: VirtualMachineInstance,
  confinement: Confinement,
): Omit<PodSpec, "containers" | "volumes"> {
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    // Nothing that it could still do would help anybody.
    terminationGracePeriodSeconds: 1,
    ...onNode(status?.nodeName ?? ""),
    securityContext: podSecurity(confinement),
  };
}

/** Of each of its containers. */
export const unprivileged: Container["securityContext"] = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
  readOnlyRootFilesystem: true,
};

/** By the scheduler, which brings a claim there that waits for its first pod; also while the node is to get no others. */
function onNode(nodeName: string): Pick<PodSpec, "affinity" | "tolerations"> {
  const matchFields = [{ key: "metadata.name", operator: "In" as const, values: [nodeName] }];
  return {
    affinity: {
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields }] } },
    },
    tolerations: [{ operator: "Exists" }],
  };
}
