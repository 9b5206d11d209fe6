import { readFileSync } from "node:fs";
import { shippedFile } from "./shipped-file.ts";

/** Of this program, without a leading v. */
export function programVersion(): string {
  return (JSON.parse(readFileSync(shippedFile("package.json"), "utf8")) as { version: string }).version;
}
