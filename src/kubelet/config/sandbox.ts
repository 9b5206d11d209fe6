/** A pod as the runtime's sandbox. Pure. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Pod } from "../../../api/core.ts";
import type { PodSandboxConfigSchema } from "../../cri/gen/runtime/v1/api.gen.ts";
import { podLabels } from "../pods/labels.ts";
import { cgroupParent, podId, podLogDir } from "../pods/paths.ts";
import type { Resolver } from "./dns.ts";
import { hostnameOf } from "./hostname.ts";
import { namespaceOptions, seccompProfile, selinuxOptions, supplementalGroups } from "./security.ts";

export type SandboxConfig = MessageInitShape<typeof PodSandboxConfigSchema>;

export interface SandboxInput {
  pod: Pod;
  attempt: number;
  instance: string;
  rootDir: string;
  clusterDomain: string;
  resolver: Resolver;
}

export function sandboxConfig(input: SandboxInput): SandboxConfig {
  const { pod, attempt, instance, rootDir, resolver } = input;
  const id = podId(pod);
  const { sysctls = [], runAsUser, runAsGroup, seLinuxOptions } = pod.spec?.securityContext ?? {};
  const all = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  return {
    metadata: { ...id, attempt },
    ...(pod.spec?.hostNetwork !== true && { hostname: hostnameOf(pod, input.clusterDomain).hostname }),
    logDirectory: podLogDir(rootDir, id),
    dnsConfig: resolver,
    labels: podLabels(pod),
    annotations: { ...pod.metadata?.annotations },
    linux: {
      cgroupParent: cgroupParent(instance, id.uid),
      sysctls: Object.fromEntries(sysctls.map(({ name, value }) => [name, value])),
      securityContext: {
        privileged: all.some((container) => container.securityContext?.privileged === true),
        namespaceOptions: namespaceOptions(pod),
        seccomp: seccompProfile({ type: "RuntimeDefault" }, rootDir),
        supplementalGroups: supplementalGroups(pod).map(BigInt),
        ...selinuxOptions(seLinuxOptions),
        ...(runAsUser !== undefined && { runAsUser: { value: BigInt(runAsUser) } }),
        ...(runAsUser !== undefined && runAsGroup !== undefined && { runAsGroup: { value: BigInt(runAsGroup) } }),
      },
    },
  };
}
