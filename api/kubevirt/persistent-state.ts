/**
 * What a machine keeps beside its disks: the TPM's secrets and the EFI variables, when they are to outlive a stop. Both lie in one
 * PersistentVolumeClaim, which vmpod makes: named by the machine, so that its next instance finds it, and gone with it.
 */
import { labels } from "./names.ts";
import type { VirtualMachineInstance, VirtualMachineInstanceSpec } from "./types.ts";

export function hasTpm({ domain }: VirtualMachineInstanceSpec): boolean {
  return domain.devices.tpm !== undefined && domain.devices.tpm.enabled !== false;
}

export function keepsTpm(spec: VirtualMachineInstanceSpec): boolean {
  return hasTpm(spec) && spec.domain.devices.tpm?.persistent === true;
}

export function keepsEfiVariables({ domain }: VirtualMachineInstanceSpec): boolean {
  return domain.firmware?.bootloader?.efi?.persistent === true;
}

/** Undefined: there is nothing to keep. */
export function stateClaimName({ metadata, spec }: VirtualMachineInstance): string | undefined {
  return keepsTpm(spec) || keepsEfiVariables(spec) ? `${labels.persistentStateFor}-${metadata?.name}` : undefined;
}
