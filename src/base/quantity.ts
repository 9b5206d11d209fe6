/**
 * Kubernetes quantities ("128Mi", "1.5", "250m", "1e3"), kept exact as an integer number of billionths, the
 * finest step that Kubernetes knows.
 *
 *   sign  digits[.digits]  suffix
 *   suffix = n u m "" k M G T P E  (powers of ten) | Ki Mi Gi Ti Pi Ei (powers of 1024) | e10 E10
 */
const nanosPerUnit = 1_000_000_000n;

const decimalExponents: Record<string, number> = { n: -9, u: -6, m: -3, "": 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const binaryExponents: Record<string, bigint> = { Ki: 10n, Mi: 20n, Gi: 30n, Ti: 40n, Pi: 50n, Ei: 60n };

const pattern = /^([+-]?)(\d*)(?:\.(\d*))?([numkMGTPE]|[KMGTPE]i|[eE][+-]?\d{1,2})?$/;

export class QuantityError extends Error {
  override readonly name = "QuantityError";

  constructor(text: string) {
    super(`${JSON.stringify(text)} is not a quantity: write a number with an optional suffix, e.g. 500m, 128Mi, 2Gi`);
  }
}

/** The quantity in billionths of a unit. @throws QuantityError */
export function parseQuantity(quantity: string | number): bigint {
  const text = String(quantity);
  const match = pattern.exec(text);
  const [, sign = "", whole = "", fraction = "", suffix = ""] = match ?? [];
  if (match === null || whole + fraction === "") throw new QuantityError(text);
  const digits = BigInt(whole + fraction);
  const nanos = scale(digits, fraction.length, suffix);
  return sign === "-" ? -nanos : nanos;
}

export function isQuantity(text: unknown): text is string | number {
  return (typeof text === "number" || typeof text === "string") && matchesQuantity(String(text));
}

/** Whole units, rounded up as Kubernetes does: bytes of memory, whole CPUs. @throws QuantityError */
export function quantityToNumber(quantity: string | number): number {
  return Number(divideRoundingUp(parseQuantity(quantity), nanosPerUnit));
}

/** Thousandths, rounded up: CPU time. @throws QuantityError */
export function quantityToMillis(quantity: string | number): number {
  return Number(divideRoundingUp(parseQuantity(quantity), 1_000_000n));
}

/** Negative, zero or positive as `left` is smaller than, equal to or greater than `right`. @throws QuantityError */
export function compareQuantities(left: string | number, right: string | number): number {
  const difference = parseQuantity(left) - parseQuantity(right);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** The shortest exact way to write a number of bytes: 1073741824 -> "1Gi", 1000 -> "1000". */
export function formatBytes(bytes: number): string {
  for (const [index, suffix] of ["Ei", "Pi", "Ti", "Gi", "Mi", "Ki"].entries()) {
    const unit = 1024 ** (6 - index);
    if (bytes !== 0 && bytes % unit === 0) return `${bytes / unit}${suffix}`;
  }
  return String(bytes);
}

/** CPU time: 1500 -> "1500m", 2000 -> "2". */
export function formatMillis(millis: number): string {
  return millis % 1000 === 0 ? String(millis / 1000) : `${millis}m`;
}

function matchesQuantity(text: string): boolean {
  const match = pattern.exec(text);
  return match !== null && (match[2] ?? "") + (match[3] ?? "") !== "";
}

function scale(digits: bigint, fractionDigits: number, suffix: string): bigint {
  const binary = binaryExponents[suffix];
  if (binary !== undefined) return divideRoundingUp((digits << binary) * nanosPerUnit, 10n ** BigInt(fractionDigits));
  const exponent = decimalExponents[suffix] ?? Number(suffix.slice(1));
  const shift = exponent + 9 - fractionDigits;
  return shift >= 0 ? digits * 10n ** BigInt(shift) : divideRoundingUp(digits, 10n ** BigInt(-shift));
}

function divideRoundingUp(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  return dividend % divisor > 0n ? quotient + 1n : quotient;
}
