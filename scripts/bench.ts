/**
 * `npm run bench [NAME...] [-- --FLAG...]`: runs the measurements of bench/, all of them or those named; each prints its own
 * table. Flags go to each.
 */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { resolve } from "node:path";

process.chdir(resolve(import.meta.dirname, ".."));

const names = readdirSync("bench")
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.slice(0, -".ts".length));
const isFlag = (word: string) => word.startsWith("--");
const wanted = process.argv.slice(2).filter((word) => !isFlag(word));
const flags = process.argv.slice(2).filter(isFlag);
const unknown = wanted.filter((name) => !names.includes(name));

if (unknown.length > 0) {
  console.error(`there is no measurement ${unknown.join(", ")}; there are ${names.join(", ")}`);
  process.exitCode = 2;
} else {
  for (const name of wanted.length > 0 ? wanted : names) {
    console.log(`--- ${name}`);
    const argv = [...process.execArgv, `bench/${name}.ts`, ...flags];
    const { status } = spawnSync(process.execPath, argv, { stdio: "inherit" });
    if (status !== 0) process.exitCode = 1;
  }
}
