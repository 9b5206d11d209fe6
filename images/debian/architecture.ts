/** The architectures whose packages the images are made of, and how Debian writes which one a package is for. */

const foreign = ["i386", "arm64"] as const;

export type Architecture = "amd64" | (typeof foreign)[number];

/** Debian's name for the directories of an architecture's libraries. */
export const multiarchName = {
  amd64: "x86_64-linux-gnu",
  i386: "i386-linux-gnu",
  arm64: "aarch64-linux-gnu",
} as const;

/** As apt does: `busybox` is for this machine, `busybox:i386` is not. */
export function packageFor(architecture: Architecture, name: string): string {
  return architecture === "amd64" ? name : `${name}:${architecture}`;
}

export function splitPackage(name: string): { name: string; architecture: Architecture } {
  const architecture = foreign.find((each) => name.endsWith(`:${each}`));
  return architecture === undefined
    ? { name, architecture: "amd64" }
    : { name: name.slice(0, -`:${architecture}`.length), architecture };
}
