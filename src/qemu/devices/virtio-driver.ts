/** A virtio device behind a root port speaks version 1 only, unless it is asked for the one that speaks the older too. */
export function virtioDriver(driver: string, { transitional }: { transitional?: boolean }): string {
  return transitional ? `${driver}-transitional` : driver;
}
