/** Builds vmpod's images: `node images/build.ts [--cache DIR] [NAME...]`. Prints one reference and tar a line. */
import { homedir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { messageOf } from "../src/base/errors.ts";
import { buildImages, type ImageName } from "./build-images.ts";

try {
  await main();
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exit(1);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { cache: { type: "string" } } });
  const images = await buildImages({
    cacheDir: values.cache ?? process.env["VMPOD_CACHE"] ?? join(homedir(), ".cache/vmpod"),
    ...(positionals.length > 0 && { only: positionals as ImageName[] }),
    onProgress: ({ name, state }) => process.stderr.write(`${name}: ${state}\n`),
  });
  for (const image of images) process.stdout.write(`${image.reference} ${image.tarPath}\n`);
}
