/** Values of flags that several commands take. */

/** @throws when it is none, naming flag, value and what would do */
export function port(flag: string, value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1 || number > 65_535)
    throw new Error(`${flag} ${value}: must be a port number, 1 to 65535`);
  return number;
}
