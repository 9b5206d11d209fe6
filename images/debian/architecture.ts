/** The architectures and releases whose packages the images are made of, and how a package's name says which it is of. */

const foreign = ["i386", "arm64"] as const;

export type Architecture = "amd64" | (typeof foreign)[number];

/** All is of one release, but for programs that only a later one has. */
const later = ["trixie"] as const;

export type Release = "bookworm" | (typeof later)[number];

export interface Package {
  name: string;
  architecture: Architecture;
  release: Release;
}

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

/** apt writes it with a slash, which no file's name may have. */
export function packageOf(release: Release, name: string): string {
  return release === "bookworm" ? name : `${name}@${release}`;
}

export function splitPackage(name: string): Package {
  const release = later.find((each) => name.endsWith(`@${each}`));
  const rest = release === undefined ? name : name.slice(0, -`@${release}`.length);
  const architecture = foreign.find((each) => rest.endsWith(`:${each}`));
  return {
    name: architecture === undefined ? rest : rest.slice(0, -`:${architecture}`.length),
    architecture: architecture ?? "amd64",
    release: release ?? "bookworm",
  };
}
