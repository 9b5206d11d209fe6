import type { Volume } from "./types.ts";

/** The PersistentVolumeClaim that a volume shows, or is laid over; undefined when it is about none. */
export function claimNameOf({ persistentVolumeClaim, ephemeral }: Volume): string | undefined {
  return (persistentVolumeClaim ?? ephemeral?.persistentVolumeClaim)?.claimName;
}
