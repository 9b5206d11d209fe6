/** The ports of instances: all below those that the kernel gives to whoever connects somewhere, which may be in use for a moment. */
export const highestInstance = 19;

/** Of the thousand that an instance has, by its number. */
export function firstPortOf(number: number): number {
  return 11_000 + 1000 * number;
}
