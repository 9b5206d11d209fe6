/**
 * Label selectors, both as text (`app=web,tier in (a,b),!old`) and as `metav1.LabelSelector`, reduced to one
 * list of requirements that must all hold.
 */
import type { LabelSelector } from "../../../api/meta.ts";
import { StatusError } from "../../base/errors.ts";
import { type Token, tokenize } from "./tokenize.ts";

export interface LabelRequirement {
  key: string;
  operator: "in" | "notin" | "exists" | "!" | "gt" | "lt";
  values: readonly string[];
}

export type Labels = Readonly<Record<string, string>>;

/** All requirements hold; a label that is missing satisfies `!=` and `notin`. */
export function matchesLabels(requirements: readonly LabelRequirement[], labels: Labels | undefined): boolean {
  return requirements.every((requirement) => matchesRequirement(requirement, labels ?? {}));
}

function matchesRequirement({ key, operator, values }: LabelRequirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case "exists":
      return value !== undefined;
    case "!":
      return value === undefined;
    case "in":
      return value !== undefined && values.includes(value);
    case "notin":
      return value === undefined || !values.includes(value);
    case "gt":
      return value !== undefined && Number(value) > Number(values[0]);
    default:
      return value !== undefined && Number(value) < Number(values[0]);
  }
}

const operators = { In: "in", NotIn: "notin", Exists: "exists", DoesNotExist: "!" } as const;

/** An empty selector selects everything (an absent one is the caller's decision). */
export function requirementsOf(selector: LabelSelector): LabelRequirement[] {
  const equal = Object.entries(selector.matchLabels ?? {}).map(
    ([key, value]): LabelRequirement => ({ key, operator: "in", values: [value] }),
  );
  const expressions = (selector.matchExpressions ?? []).map(
    ({ key, operator, values }): LabelRequirement => ({ key, operator: operators[operator], values: values ?? [] }),
  );
  return [...equal, ...expressions];
}

/** As it is written in a query string; parses back to the same requirements. */
export function formatLabelSelector(requirements: readonly LabelRequirement[]): string {
  return requirements.map(formatRequirement).join(",");
}

function formatRequirement({ key, operator, values }: LabelRequirement): string {
  switch (operator) {
    case "exists":
      return key;
    case "!":
      return `!${key}`;
    case "gt":
      return `${key}>${values[0]}`;
    case "lt":
      return `${key}<${values[0]}`;
    default:
      return operator === "in" && values.length === 1
        ? `${key}=${values[0]}`
        : `${key} ${operator} (${values.join(",")})`;
  }
}

/** @throws StatusError BadRequest when the text is not a selector */
export function parseLabelSelector(text: string): LabelRequirement[] {
  const tokens = tokenize(text);
  const requirements: LabelRequirement[] = [];
  while (tokens.length > 0) {
    requirements.push(parseRequirement(tokens, text));
    if (tokens.length > 0) expect(tokens, ",", text);
  }
  return requirements;
}

function parseRequirement(tokens: Token[], text: string): LabelRequirement {
  const negated = tokens[0]?.symbol === "!";
  if (negated) tokens.shift();
  const key = takeWord(tokens, text);
  if (negated) return { key, operator: "!", values: [] };
  const next = tokens[0];
  if (next === undefined || next.symbol === ",") return { key, operator: "exists", values: [] };
  tokens.shift();
  return parseComparison(key, next, tokens, text);
}

function parseComparison(key: string, operator: Token, tokens: Token[], text: string): LabelRequirement {
  switch (operator.symbol ?? operator.word) {
    case "=":
    case "==":
      return { key, operator: "in", values: [takeOptionalWord(tokens)] };
    case "!=":
      return { key, operator: "notin", values: [takeOptionalWord(tokens)] };
    case ">":
      return { key, operator: "gt", values: [takeInteger(tokens, text)] };
    case "<":
      return { key, operator: "lt", values: [takeInteger(tokens, text)] };
    case "in":
      return { key, operator: "in", values: takeValues(tokens, text) };
    case "notin":
      return { key, operator: "notin", values: takeValues(tokens, text) };
    default:
      throw refuse(text, `found '${operator.symbol ?? operator.word}', expected: in, notin, =, ==, !=, gt, lt`);
  }
}

function takeValues(tokens: Token[], text: string): string[] {
  expect(tokens, "(", text);
  const values: string[] = [];
  do values.push(takeOptionalWord(tokens));
  while (tokens[0]?.symbol === "," && tokens.shift());
  expect(tokens, ")", text);
  return values;
}

function takeWord(tokens: Token[], text: string): string {
  const token = tokens.shift();
  if (token?.word === undefined) throw refuse(text, `found '${token?.symbol ?? ""}', expected: identifier`);
  return token.word;
}

function takeOptionalWord(tokens: Token[]): string {
  return tokens[0]?.word === undefined ? "" : (tokens.shift()?.word ?? "");
}

function takeInteger(tokens: Token[], text: string): string {
  const word = takeWord(tokens, text);
  if (!/^-?\d+$/.test(word))
    throw refuse(text, `for 'Gt', 'Lt' operators, the value must be an integer, not '${word}'`);
  return word;
}

function expect(tokens: Token[], symbol: string, text: string): void {
  const token = tokens.shift();
  if (token?.symbol !== symbol) {
    const found = token?.symbol ?? token?.word ?? "";
    throw refuse(text, `found '${found}', expected: '${symbol}'`);
  }
}

function refuse(text: string, reason: string): StatusError {
  return new StatusError(
    "BadRequest",
    `unable to parse requirement of label selector ${JSON.stringify(text)}: ${reason}`,
  );
}
