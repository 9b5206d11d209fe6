/** What the pods of an installation have in common. Pure. */
import type { Container, PodSpec, Probe, Volume, VolumeMount } from "../../../api/core.ts";
import type { InstallSettings } from "../settings.ts";

export const priorityClasses = { component: "system-cluster-critical", agent: "system-node-critical" } as const;

/** vmpod's images are for this. */
export const platform = { "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64" };

/** Has no name and no home, and owns no file. */
const user = 64107;

/** Pod Security's level `restricted`. */
export const restrictedPod: PodSpec["securityContext"] = {
  runAsNonRoot: true,
  runAsUser: user,
  runAsGroup: user,
  fsGroup: user,
  seccompProfile: { type: "RuntimeDefault" },
};

export const restrictedContainer: Container["securityContext"] = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
  readOnlyRootFilesystem: true,
};

export function pullSettings(settings: InstallSettings): Pick<PodSpec, "imagePullSecrets"> {
  const { imagePullSecrets } = settings;
  return imagePullSecrets.length === 0 ? {} : { imagePullSecrets: imagePullSecrets.map((name) => ({ name })) };
}

export function ownImage({
  vmpodImage,
  imagePullPolicy,
}: InstallSettings): Pick<Container, "image" | "imagePullPolicy"> {
  return { image: vmpodImage, imagePullPolicy };
}

export interface ProbeTarget {
  port: number;
  scheme: "HTTP" | "HTTPS";
  readyPath: string;
}

/** Alive by `/healthz`. Three answers must be missing before anything is restarted: a busy node is no reason. */
export function probes({ port, scheme, readyPath }: ProbeTarget): Pick<Container, "livenessProbe" | "readinessProbe"> {
  const httpGet = (path: string): Probe["httpGet"] => ({ path, port, scheme });
  return {
    livenessProbe: { httpGet: httpGet("/healthz"), initialDelaySeconds: 10, periodSeconds: 10, timeoutSeconds: 5 },
    readinessProbe: { httpGet: httpGet(readyPath), periodSeconds: 5, timeoutSeconds: 5 },
  };
}

export interface MountedSecret {
  name: string;
  secretName: string;
  mountPath: string;
}

/** A pod waits until its Secrets are there: the controller makes them. */
export function secretVolumes(secrets: readonly MountedSecret[]): Volume[] {
  // 0440: for the user by its group.
  return secrets.map(({ name, secretName }) => ({ name, secret: { secretName, defaultMode: 0o440 } }));
}

export function secretMounts(secrets: readonly MountedSecret[]): VolumeMount[] {
  return secrets.map(({ name, mountPath }) => ({ name, mountPath, readOnly: true }));
}
