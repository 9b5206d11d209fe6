/** Of which architectures guests can be. Nodes are of amd64: all others are emulated. */
import type { VirtualMachineInstanceSpec } from "./types.ts";

const nodeArchitecture = "amd64";
export const emulatedArchitectures = ["arm64"] as const;
export const guestArchitectures = [nodeArchitecture, ...emulatedArchitectures] as const;

export function isForeign({ architecture }: Pick<VirtualMachineInstanceSpec, "architecture">): boolean {
  return emulatedArchitectures.some((each) => each === architecture);
}
