/**
 * A TPM 2.0 in software: `swtpm`, a program beside QEMU in the same container, of the same user. The launcher starts it before QEMU, which
 * tells it by its socket to start, to reset, and what it knew on another node; it ends with that connection.
 */
import { boardOf } from "./board.ts";
import type { Domain } from "./domain.ts";
import { type Argument, option } from "./options.ts";
import { launcherPaths, runDirectory, socketNames, stateDirectory } from "./paths.ts";

export function tpmArguments(domain: Domain): Argument[] {
  if (domain.tpm === undefined) return [];
  return [
    ["-chardev", option("socket", { id: "tpm", path: socketPath(domain) })],
    ["-tpmdev", option("emulator", { id: "tpm0", chardev: "tpm" })],
    ["-device", option(boardOf(domain).tpm, { id: "tpm-device", tpmdev: "tpm0" })],
  ];
}

/** What the launcher runs QEMU by, so that there is a TPM to connect to. */
export function tpmCommand(domain: Domain): string[] {
  if (domain.tpm === undefined) return [];
  const directory = `${domain.tpm.persistent ? stateDirectory(domain) : runDirectory(domain)}/tpm`;
  return [launcherPaths.withTpm, directory, socketPath(domain)];
}

function socketPath(domain: Domain): string {
  return `${runDirectory(domain)}/${socketNames.tpm}`;
}
