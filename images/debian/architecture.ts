/** The architectures whose packages the images are made of, and how Debian writes which one a package is for. */

export type Architecture = "amd64" | "i386";

/** Debian's name for the directories of an architecture's libraries. */
export const multiarchName = { amd64: "x86_64-linux-gnu", i386: "i386-linux-gnu" } as const;

/** As apt does: `busybox` is for this machine, `busybox:i386` is not. */
export function packageFor(architecture: Architecture, name: string): string {
  return architecture === "amd64" ? name : `${name}:${architecture}`;
}

export function splitPackage(name: string): { name: string; architecture: Architecture } {
  const foreign = name.endsWith(":i386");
  return foreign ? { name: name.slice(0, -":i386".length), architecture: "i386" } : { name, architecture: "amd64" };
}
