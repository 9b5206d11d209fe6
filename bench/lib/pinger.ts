/** Asks a guest every 10 ms whether it is there: ./ping-process.ts. */
import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { text } from "node:stream/consumers";

export interface Pinged {
  answers: number;
  /** Between two answers. */
  longestGapMs: number;
}

export interface Pinger {
  /** It may answer there, too. */
  also(address: string): void;
  stop(): Promise<Pinged>;
}

export function startPinger(address: string): Pinger {
  const program = resolve(import.meta.dirname, "ping-process.ts");
  const child = spawn(process.execPath, [...process.execArgv, program], { stdio: ["pipe", "pipe", "inherit"] });
  const also = (another: string): void => void child.stdin.write(`${another}\n`);
  also(address);
  return {
    also,
    async stop() {
      child.stdin.end();
      return JSON.parse(await text(child.stdout)) as Pinged;
    },
  };
}
