/** Keeps the picture in `docs/architecture.md` equal to the imports that there are. */
import { readFileSync } from "node:fs";
import { documentWithPicture } from "../../test/architecture/picture.ts";

const path = "docs/architecture.md";

export async function generateArchitecturePicture(): Promise<Map<string, string>> {
  return new Map([[path, documentWithPicture(readFileSync(path, "utf8"))]]);
}
