/**
 * Quantities in the one form in which Kubernetes stores those of built-in kinds: no fraction, the largest
 * suffix of the family in which it was written ("0.5" -> "500m", "1024Mi" -> "1Gi", "1e3" -> "1e3", 2 -> "2").
 */
import { isQuantity, parseQuantity } from "../../base/quantity.ts";
import { fieldSchema, isJsonObject, type Schema } from "./schema.ts";

const decimalSuffixes = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
const binarySuffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const nanosPerUnit = 1_000_000_000n;

/** @throws QuantityError */
export function canonicalQuantity(quantity: string | number): string {
  const text = String(quantity);
  const nanos = parseQuantity(text);
  const magnitude = nanos < 0n ? -nanos : nanos;
  const sign = nanos < 0n ? "-" : "";
  if (text.endsWith("i") && magnitude >= 1024n * nanosPerUnit) return sign + binary(magnitude);
  return sign + decimal(magnitude, /[eE][+-]?\d/.test(text));
}

function binary(nanos: bigint): string {
  let value = (nanos + nanosPerUnit - 1n) / nanosPerUnit;
  let index = 0;
  for (; value % 1024n === 0n && index < binarySuffixes.length - 1; index += 1) value /= 1024n;
  return `${value}${binarySuffixes[index]}`;
}

function decimal(nanos: bigint, exponential: boolean): string {
  if (nanos === 0n) return "0";
  let value = nanos;
  let index = 0;
  for (; value % 1000n === 0n && index < decimalSuffixes.length - 1; index += 1) value /= 1000n;
  const exponent = index * 3 - 9;
  if (exponential) return exponent === 0 ? String(value) : `${value}e${exponent}`;
  return `${value}${decimalSuffixes[index]}`;
}

/** Rewrites the quantities of a built-in object in place; leaves what is none to validation. */
export function canonicalizeQuantities(schema: Schema, value: unknown): void {
  if (Array.isArray(value)) {
    for (const item of value) if (schema.items) canonicalizeQuantities(schema.items, item);
    return;
  }
  if (!isJsonObject(value)) return;
  for (const [field, child] of Object.entries(value)) {
    const childSchema = fieldSchema(schema, field);
    if (childSchema === undefined) continue;
    if (childSchema.format !== "quantity") canonicalizeQuantities(childSchema, child);
    else if (isQuantity(child)) value[field] = canonicalQuantity(child);
  }
}
