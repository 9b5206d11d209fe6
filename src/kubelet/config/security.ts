/** `securityContext` of pod and container as the runtime's. Pure; the container's word wins over the pod's. */
import { isAbsolute, join } from "node:path";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Container, Pod, SeccompProfile, SELinuxOptions } from "../../../api/core.ts";
import { TerminalError } from "../../base/errors.ts";
import {
  type LinuxContainerSecurityContextSchema,
  NamespaceMode,
  type NamespaceOptionSchema,
  type SecurityProfileSchema,
  SecurityProfile_ProfileType as ProfileType,
} from "../../cri/gen/runtime/v1/api.gen.ts";

/** The user that an image's configuration names. */
export interface ImageUser {
  uid: number | undefined;
  name: string;
}

const maskedPaths = [
  "/proc/asound",
  "/proc/acpi",
  "/proc/interrupts",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/sys/firmware",
  "/sys/devices/virtual/powercap",
];
const readonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

export interface SecurityInput {
  pod: Pod;
  container: Container;
  image: ImageUser;
  /** Where `Localhost` seccomp profiles lie. */
  seccompDir: string;
}

/** @throws TerminalError when the container would run as root although it must not. */
export function containerSecurity(input: SecurityInput): MessageInitShape<typeof LinuxContainerSecurityContextSchema> {
  const { pod, container } = input;
  const own = container.securityContext ?? {};
  const shared = pod.spec?.securityContext ?? {};
  const privileged = own.privileged ?? false;
  const group = own.runAsGroup ?? shared.runAsGroup;
  const unmasked = privileged || own.procMount === "Unmasked";
  return {
    privileged,
    capabilities: { addCapabilities: own.capabilities?.add ?? [], dropCapabilities: own.capabilities?.drop ?? [] },
    namespaceOptions: namespaceOptions(pod),
    ...runAs(input),
    ...(group !== undefined && { runAsGroup: { value: BigInt(group) } }),
    supplementalGroups: supplementalGroups(pod).map(BigInt),
    readonlyRootfs: own.readOnlyRootFilesystem ?? false,
    noNewPrivs: own.allowPrivilegeEscalation === false,
    seccomp: privileged ? unconfined : seccompProfile(own.seccompProfile ?? shared.seccompProfile, input.seccompDir),
    apparmor: unconfined,
    ...selinuxOptions(own.seLinuxOptions ?? shared.seLinuxOptions),
    maskedPaths: unmasked ? [] : maskedPaths,
    readonlyPaths: unmasked ? [] : readonlyPaths,
  };
}

/** A runtime without SELinux leaves them out. */
export function selinuxOptions(given: SELinuxOptions | undefined): { selinuxOptions?: Required<SELinuxOptions> } {
  const { user = "", role = "", type = "", level = "" } = given ?? {};
  return given === undefined ? {} : { selinuxOptions: { user, role, type, level } };
}

function runAs(input: SecurityInput): { runAsUser?: { value: bigint }; runAsUsername?: string } {
  const { pod, container, image } = input;
  const own = container.securityContext ?? {};
  const shared = pod.spec?.securityContext ?? {};
  const asked = own.runAsUser ?? shared.runAsUser;
  if (own.runAsNonRoot ?? shared.runAsNonRoot) {
    refuseRoot(container, asked, image);
  }
  const user = asked ?? image.uid;
  if (user !== undefined) {
    return { runAsUser: { value: BigInt(user) } };
  }
  return image.name === "" ? {} : { runAsUsername: image.name };
}

function refuseRoot(container: Container, asked: number | undefined, image: ImageUser): void {
  const user = asked ?? image.uid;
  if (user === undefined && image.name !== "") {
    const message = `container has runAsNonRoot and image has non-numeric user (${image.name}), cannot verify user is non-root (container: ${container.name})`;
    throw new TerminalError("CreateContainerConfigError", message);
  }
  if ((user ?? 0) === 0) {
    const what =
      asked === 0
        ? "container's runAsUser breaks non-root policy"
        : "container has runAsNonRoot and image will run as root";
    throw new TerminalError("CreateContainerConfigError", `${what} (container: ${container.name})`);
  }
}

/** Extra groups of every process of the pod; `fsGroup` owns the volumes. */
export function supplementalGroups(pod: Pod): number[] {
  const { supplementalGroups: groups = [], fsGroup } = pod.spec?.securityContext ?? {};
  return fsGroup === undefined ? groups : [...groups, fsGroup];
}

export function namespaceOptions(pod: Pod): MessageInitShape<typeof NamespaceOptionSchema> {
  const spec = pod.spec;
  const pid = spec?.shareProcessNamespace === true ? NamespaceMode.POD : NamespaceMode.CONTAINER;
  return {
    network: spec?.hostNetwork === true ? NamespaceMode.NODE : NamespaceMode.POD,
    ipc: spec?.hostIPC === true ? NamespaceMode.NODE : NamespaceMode.POD,
    pid: spec?.hostPID === true ? NamespaceMode.NODE : pid,
  };
}

const unconfined = { profileType: ProfileType.Unconfined };

/** Without a profile Kubernetes confines nothing. */
export function seccompProfile(
  profile: SeccompProfile | undefined,
  seccompDir: string,
): MessageInitShape<typeof SecurityProfileSchema> {
  switch (profile?.type) {
    case "RuntimeDefault":
      return { profileType: ProfileType.RuntimeDefault };
    case "Localhost": {
      const file = profile.localhostProfile ?? "";
      if (file === "" || isAbsolute(file) || file.split("/").includes("..")) {
        const message = `seccompProfile.localhostProfile ${JSON.stringify(file)}: must be relative and without ..`;
        throw new TerminalError("CreateContainerConfigError", message);
      }
      return { profileType: ProfileType.Localhost, localhostRef: join(seccompDir, file) };
    }
    default:
      return unconfined;
  }
}
