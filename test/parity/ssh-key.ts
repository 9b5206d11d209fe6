/** A key for all guests of this run, gone with it. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run, succeed } from "../embedded/instance.ts";

const directory = mkdtempSync(join(tmpdir(), "vmpod-parity-"));
process.on("exit", () => rmSync(directory, { recursive: true }));

export const scratch = (name: string): string => join(directory, name);
export const privateKey = scratch("key");

succeed(run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", privateKey]), "ssh-keygen");
export const publicKey = readFileSync(`${privateKey}.pub`, "utf8").trim();
