/**
 * What a guest that counts (./nomad.ts) has written. An entry is a number and a random word. The guest writes it to its own file, then to
 * its claim and to an empty disk, all flushed, and only then publishes it: what it published it must have, wherever it has been since.
 * The words tell a second writer on the claim, even one that is the same guest at the same number.
 */
import { fetchText } from "../embedded/fetch-text.ts";

export const sectorBytes = 512;

export interface Ledger {
  /** What the guest's web server has at `path`; undefined when it does not answer, or with nothing. */
  fetch(path: string): Promise<string | undefined>;
  /** `NUMBER WORD` each, from 1 on; undefined when the guest does not answer. */
  entries(): Promise<string[] | undefined>;
}

const answerMs = 5_000;

export function ledgerAt(addressOf: () => string): Ledger {
  async function fetchPage(path: string): Promise<string | undefined> {
    return (await fetchText(`http://${addressOf()}/${path}`, answerMs)) || undefined;
  }
  return { fetch: fetchPage, entries: async () => (await fetchPage("numbers"))?.split("\n") };
}

/** Of a disk, from its second sector to the first empty one. */
export function entriesOn(image: Buffer): string[] {
  const found: string[] = [];
  for (let index = 1; (index + 1) * sectorBytes <= image.length; index++) {
    const sector = image.subarray(index * sectorBytes, (index + 1) * sectorBytes);
    const entry = sector.toString("latin1").trim();
    if (!/^\d+ \S+$/.test(entry)) break;
    found.push(entry);
  }
  return found;
}

export interface Witness {
  /** As the guest remembers them. */
  entries: readonly string[];
  /** Read after those. */
  onClaim: readonly string[];
  /** The guest's page `lost`: `nothing`, or where reading the empty disk anew did not give what it had written. */
  lost: string | undefined;
}

/** Pure. @param published how many entries there were before */
export function lossesOf({ entries, onClaim, lost }: Witness, published: number): string[] {
  const gap = entries.findIndex((entry, index) => Number.parseInt(entry, 10) !== index + 1);
  const differing = entries.flatMap((entry, index) =>
    onClaim[index] === entry ? [] : [`the claim has "${onClaim[index]}" where the guest wrote "${entry}"`],
  );
  return [
    ...(gap < 0 ? [] : [`entry ${gap + 1} is "${entries[gap]}"`]),
    ...(entries.length < published ? [`of ${published} published entries ${entries.length} are left`] : []),
    ...differing,
    ...(lost === "nothing" ? [] : [`the empty disk is not as it was written: ${lost}`]),
  ];
}
