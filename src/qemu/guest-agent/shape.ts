/** Reads the guest's answers. Whatever has another type than it should is left out: the guest may send anything. */

type Fields = Record<string, unknown>;

export function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

export function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}

/** Control characters could play tricks with a terminal that shows it. */
export function textOf(value: unknown, maxLength = 256): string | undefined {
  if (typeof value !== "string") return undefined;
  return value.replace(/\p{Cc}/gu, "").slice(0, maxLength);
}

export function numberOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}
