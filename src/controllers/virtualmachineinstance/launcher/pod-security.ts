/** As whom and how confined a pod runs that works on a machine. Pure. */
import type { PodSecurityContext } from "../../../../api/core.ts";
import type { VirtConfiguration } from "../../../../api/kubevirt/configuration.ts";
import { runtimeUser } from "../../../../api/kubevirt/names.ts";

export type Confinement = Pick<VirtConfiguration, "seccompProfile" | "selinuxLauncherType">;

export function podSecurity({ seccompProfile, selinuxLauncherType }: Confinement): PodSecurityContext {
  return {
    runAsUser: runtimeUser,
    runAsGroup: runtimeUser,
    fsGroup: runtimeUser,
    runAsNonRoot: true,
    seccompProfile,
    ...(selinuxLauncherType !== undefined && { seLinuxOptions: { type: selinuxLauncherType } }),
  };
}

/** With the level of a pod that it shares volumes with: the runtime would give their files to one of them alone. */
export function withLevelOf(security: PodSecurityContext, selinuxContext: string | undefined): PodSecurityContext {
  // user:role:type:level, and a level may have colons itself.
  const level = selinuxContext?.split(":").slice(3).join(":");
  return level ? { ...security, seLinuxOptions: { ...security.seLinuxOptions, level } } : security;
}
