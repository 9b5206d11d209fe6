/** One at a time has an instance's number on this machine, also where tests of several clones run: two would have the same ports, networks and names. */
import { spawnSync } from "node:child_process";
import { openSync, readFileSync, writeFileSync } from "node:fs";

const claimed = new Set<number>();

/**
 * Waits for whoever has it; it is given back when this process ends. Not asynchronous, as Node's runner does not wait for one hook before it
 * runs the next.
 */
export function claimInstance(number: number): void {
  if (claimed.has(number)) return;
  const path = `/run/vmpod-test-instance${number}.lock`;
  // A lock of the kernel's on what is opened here: a program that has it from us takes it for us.
  const file = openSync(path, "a+");
  const stdio = ["ignore", "inherit", "inherit", file] as const;
  const isTaken = spawnSync("flock", ["--nonblock", "3"], { stdio: [...stdio] }).status !== 0;
  if (isTaken) {
    console.error(
      `waiting for the number ${number} of instances, which this process has: ${readFileSync(path, "utf8").trim()}`,
    );
    spawnSync("flock", ["3"], { stdio: [...stdio] });
  }
  writeFileSync(path, `${process.pid} (${process.argv.at(-1)})`);
  claimed.add(number);
}
