/** Reads virtctl's flags of several words: `src:quay.io/a/b:latest,bootorder:1`, `virtualmachinepreference/mine`. */
import { InvalidArgumentError } from "commander";

/** @throws Error for a word that is none of `known` */
export function parseWords<T extends string>(
  flag: string,
  text: string,
  known: readonly T[],
): Partial<Record<T, string>> {
  const words = text.split(",").map((word) => parseWord(flag, word, known));
  return Object.fromEntries(words) as Partial<Record<T, string>>;
}

function parseWord<T extends string>(flag: string, word: string, known: readonly T[]): [T, string] {
  const colon = word.indexOf(":");
  const key = known.find((each) => each === word.slice(0, Math.max(colon, 0)));
  const value = word.slice(colon + 1);
  if (key !== undefined && value !== "") return [key, value];
  const usage = known.map((each) => `${each}:VALUE`).join(", ");
  throw new Error(`--${flag}: ${JSON.stringify(word)} is none of ${usage}`);
}

/** `[kind/]name`. */
export function parseMatcher(flag: string, text: string): { name: string; kind?: string } {
  const [first = "", second, ...more] = text.split("/");
  if (more.length > 0 || first === "" || second === "")
    throw new Error(`--${flag}: ${JSON.stringify(text)} is not of the form [kind/]name, e.g. u1.small`);
  return second === undefined ? { name: first } : { kind: first, name: second };
}

export function parseBootOrder(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const order = Number(text);
  if (Number.isInteger(order) && order > 0) return order;
  throw new Error(`--${flag}: bootorder ${JSON.stringify(text)} must be a whole number of at least 1`);
}

/** For an option that may be given several times. */
export function collect(value: string, previous: readonly string[] = []): string[] {
  return [...previous, value];
}

/** `--flag`, `--flag=true`, `--flag=false`. */
export function parseBoolean(text: string): boolean {
  if (text === "true") return true;
  if (text === "false") return false;
  throw new InvalidArgumentError("use true or false.");
}

export function parseCount(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(count)) return count;
  throw new InvalidArgumentError("use a whole number.");
}

/** As kubectl names what has no name. */
export function randomName(prefix: string, random: () => number = Math.random): string {
  const letters = "bcdfghjklmnpqrstvwxz2456789";
  const suffix = Array.from({ length: 5 }, () => letters[Math.floor(random() * letters.length)]);
  return `${prefix}-${suffix.join("")}`;
}
