/** Huge pages of the host, while a test needs them. */
import { readFile, writeFile } from "node:fs/promises";

const setting = "/proc/sys/vm/nr_hugepages";

/** @throws when the host has no room for them in one piece each. */
export async function addHugePages(count: number): Promise<AsyncDisposable> {
  const before = await total();
  // Free memory is in pieces; this puts them together.
  await writeFile("/proc/sys/vm/compact_memory", "1");
  await writeFile(setting, String(before + count));
  const pages = {
    [Symbol.asyncDispose]: async () => writeFile(setting, String(Math.max(0, (await total()) - count))),
  };
  const added = (await total()) - before;
  if (added === count) return pages;
  await writeFile(setting, String(before));
  throw new Error(`this host gave ${added} of ${count} huge pages`);
}

async function total(): Promise<number> {
  return Number(await readFile(setting, "utf8"));
}
