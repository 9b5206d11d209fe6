/** Field selectors: `metadata.name=web,status.phase!=Running`. Which fields a kind offers is the API server's business. */
import { StatusError } from "../../base/errors.ts";

export interface FieldRequirement {
  field: string;
  operator: "=" | "!=";
  value: string;
}

/** @throws StatusError BadRequest when the text is not a selector */
export function parseFieldSelector(text: string): FieldRequirement[] {
  return splitUnescaped(text)
    .filter((term) => term !== "")
    .map((term) => parseTerm(term, text));
}

function parseTerm(term: string, text: string): FieldRequirement {
  const match = /^([^=!]+)(==|!=|=)(.*)$/s.exec(term);
  const [, field = "", operator, value = ""] = match ?? [];
  if (match === null)
    throw new StatusError("BadRequest", `invalid field selector ${JSON.stringify(text)}: can't understand '${term}'`);
  return { field: field.trim(), operator: operator === "!=" ? "!=" : "=", value: unescape(value.trim()) };
}

/** `valueOf` answers undefined for a field that the kind does not offer. @throws StatusError BadRequest for such */
export function matchesFields(
  requirements: readonly FieldRequirement[],
  valueOf: (field: string) => string | undefined,
): boolean {
  return requirements.every(({ field, operator, value }) => {
    const actual = valueOf(field);
    if (actual === undefined) throw new StatusError("BadRequest", `field label not supported: ${field}`);
    return operator === "=" ? actual === value : actual !== value;
  });
}

function splitUnescaped(text: string): string[] {
  return text.split(/(?<!\\)(?:\\\\)*,/);
}

function unescape(value: string): string {
  return value.replaceAll(/\\([\\,=])/g, "$1");
}
