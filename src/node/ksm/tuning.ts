/** By how much a node's pages are searched, as KubeVirt does it: its numbers, and what the Node's annotations say instead. Pure. */
import type { Node } from "../../../api/core.ts";
import { ksmOverrides } from "../../../api/kubevirt/names.ts";

export interface Tuning {
  /** What each look adds to the pages that the kernel searches at a time while memory is scarce; 0 or more. */
  pagesBoost: number;
  /** What it adds while memory is plenty; 0 or less. With fewer than `pagesMin` KSM is turned off. */
  pagesDecay: number;
  pagesMin: number;
  pagesMax: number;
  /** With how many it is turned on. */
  pagesInit: number;
  /** Milliseconds between two searches on a machine with 16 GiB in use; with more in use it sleeps less. */
  sleepMsBaseline: number;
  /** Memory is scarce when no more than this part of it is available, 0 to 1. */
  freePercent: number;
}

type Parameter = keyof typeof ksmOverrides;

interface Bounds {
  usual: number;
  least: number;
  most: number;
}

const most = Number.MAX_SAFE_INTEGER;

/**
 * @returns also a sentence for each annotation whose value cannot be used; the usual number holds instead, or the least that is possible
 *   where another annotation rules that out
 */
export function tuningOf({ metadata }: Node): { tuning: Tuning; problems: string[] } {
  const problems: string[] = [];
  const read = (parameter: Parameter, { usual, least, most }: Bounds): number => {
    const name = ksmOverrides[parameter];
    const text = metadata?.annotations?.[name];
    const fallback = usual >= least && usual <= most ? usual : least;
    if (text === undefined) return fallback;
    const value = numberIn(text, parameter);
    if (value !== undefined && value >= least && value <= most) return value;
    const kind = parameter === "freePercent" ? "a number" : "a whole number";
    problems.push(
      `metadata.annotations[${name}] ${JSON.stringify(text)} is not honoured: use ${kind} ${range({ least, most })}; until then it is ${fallback}`,
    );
    return fallback;
  };
  const pagesMin = read("pagesMin", { usual: 64, least: 0, most });
  const pagesMax = read("pagesMax", { usual: 1250, least: pagesMin, most });
  const tuning = {
    pagesBoost: read("pagesBoost", { usual: 300, least: 0, most }),
    pagesDecay: read("pagesDecay", { usual: -50, least: -most, most: 0 }),
    pagesMin,
    pagesMax,
    pagesInit: read("pagesInit", { usual: 100, least: pagesMin, most: pagesMax }),
    sleepMsBaseline: read("sleepMsBaseline", { usual: 100, least: 1, most }),
    freePercent: read("freePercent", { usual: 0.2, least: 0, most: 1 }),
  };
  return { tuning, problems };
}

function numberIn(text: string, parameter: Parameter): number | undefined {
  const wanted = parameter === "freePercent" ? /^\d*\.?\d+$/ : /^-?\d+$/;
  return wanted.test(text) ? Number(text) : undefined;
}

function range({ least, most: greatest }: Pick<Bounds, "least" | "most">): string {
  if (greatest === most) return `of ${least} or more`;
  return least === -most ? `of ${greatest} or less` : `from ${least} to ${greatest}`;
}
