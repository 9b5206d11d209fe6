/**
 * What apt needs to fetch packages of an architecture, or a release, that is not this machine's: sources, lists and a state of its own
 * in a directory, so that nothing changes for the machine's own apt and dpkg.
 *
 *   HOME/{sources.list, status, lists, archives}
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { exec } from "../../src/base/exec.ts";
import type { Architecture, Package, Release } from "./architecture.ts";

type Origin = Pick<Package, "architecture" | "release">;

/** One list is enough, and no list that the machine has beside it can fail us. */
const sourcesOf = (release: Release): string =>
  `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian ${release} main\n`;

/** This machine's own apt does not have it. */
export function isForeign({ architecture, release }: Origin): boolean {
  return architecture !== "amd64" || release !== "bookworm";
}

/** Options for apt-get and apt-cache. */
export function foreignOptions(home: string, architecture: Architecture): string[] {
  const settings = {
    "APT::Architecture": architecture,
    "APT::Architectures::": architecture,
    "APT::Sandbox::User": "root",
    "Dir::Etc::SourceList": join(home, "sources.list"),
    "Dir::Etc::SourceParts": "/dev/null",
    "Dir::State::Lists": join(home, "lists"),
    "Dir::State::status": join(home, "status"),
    "Dir::Cache": join(home, "archives"),
  };
  return Object.entries(settings).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
}

/** Makes the directory and fetches the lists. */
export async function prepareForeign(
  home: string,
  { architecture, release }: Origin,
  signal?: AbortSignal,
): Promise<void> {
  await mkdir(join(home, "lists/partial"), { recursive: true });
  await mkdir(join(home, "archives/archives/partial"), { recursive: true });
  await writeFile(join(home, "sources.list"), sourcesOf(release));
  await writeFile(join(home, "status"), "");
  await exec(["apt-get", "-q", ...foreignOptions(home, architecture), "update"], { signal });
}
