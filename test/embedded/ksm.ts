/** The kernel's merging of pages, which is one for the whole machine: as it was, after the tests of a file. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before } from "node:test";

const directory = "/sys/kernel/mm/ksm";
const settings = ["pages_to_scan", "sleep_millisecs", "run"];

export const kernelHasKsm = existsSync(directory);

export function readKsmSetting(name: string): string {
  return readFileSync(join(directory, name), "utf8").trim();
}

/** Off at first: what runs already vmpod leaves to who started it. To be called after `useInstance`, so that its agent is gone in the end. */
export function useKsm(): void {
  if (!kernelHasKsm) return;
  const values = settings.map((name) => [name, readKsmSetting(name)] as const);
  before(() => writeFileSync(join(directory, "run"), "0"));
  after(() => {
    for (const [name, value] of values) writeFileSync(join(directory, name), value);
  });
}
