/**
 * The machine's firmware, and where EFI keeps its variables:
 *
 *   bios                  QEMU's own (SeaBIOS), no variables; arm64 has none
 *   efi                   one file, whose variables are forgotten when QEMU ends
 *   efi, Secure Boot      code and variables apart: the variables come with the keys that are trusted
 *   efi, persistent       the same, with the variables where they outlive the pod
 */
import { boardOf } from "./board.ts";
import type { Domain } from "./domain.ts";
import type { Argument } from "./options.ts";
import { launcherPaths, runDirectory, stateDirectory } from "./paths.ts";

const images = "/usr/share/OVMF";

export function firmwareArguments(domain: Domain): Argument[] {
  if (domain.firmware.type === "bios") return [];
  const { secureBoot } = domain.firmware;
  if (!hasVariableStore(domain)) return [["-bios", boardOf(domain).efi]];
  const code = {
    driver: "file",
    "node-name": "efi-code",
    filename: secureBoot ? `${images}/OVMF_CODE_4M.ms.fd` : `${images}/OVMF_CODE_4M.fd`,
    "read-only": true,
  };
  const variables = { driver: "file", "node-name": "efi-variables", filename: variableStorePath(domain) };
  return [
    ["-blockdev", JSON.stringify(code)],
    ["-blockdev", JSON.stringify(variables)],
    ...(secureBoot ? [["-global", "driver=cfi.pflash01,property=secure,value=on"] as const] : []),
  ];
}

/** Of the machine: the flash chips that both are on. */
export function flashOptions(domain: Domain): Record<string, string> {
  return hasVariableStore(domain) ? { pflash0: "efi-code", pflash1: "efi-variables" } : {};
}

/** What the launcher runs QEMU by, so that there are variables to write to. */
export function variableStoreCommand(domain: Domain): string[] {
  if (domain.firmware.type === "bios" || !hasVariableStore(domain)) return [];
  const initial = domain.firmware.secureBoot ? `${images}/OVMF_VARS_4M.ms.fd` : `${images}/OVMF_VARS_4M.fd`;
  return [launcherPaths.withEfiVariables, initial, variableStorePath(domain)];
}

function hasVariableStore({ firmware }: Domain): boolean {
  return firmware.type === "efi" && (firmware.secureBoot || firmware.persistent === true);
}

function variableStorePath(domain: Domain): string {
  const isKept = domain.firmware.type === "efi" && domain.firmware.persistent === true;
  return `${isKept ? stateDirectory(domain) : runDirectory(domain)}/efi-variables.fd`;
}
