/**
 * Asks each address every 10 ms for a connection to a port at which nothing listens: that the guest's kernel refuses it is its answer. Nobody
 * else refuses: at the address of a pod whose guest does not run, and at none, there is silence. A process of its own, so that it is not late
 * when whoever started it is busy.
 *
 *   standard input    an address a line; its end asks for the result
 *   standard output   {"answers": N, "longestGapMs": N}, the gap between two answers, from whichever address
 */
import { connect } from "node:net";
import { createInterface } from "node:readline";

const intervalMs = 10;
/** Discard. */
const port = 9;
const patienceMs = 2_000;

const addresses = new Set<string>();
let answers = 0;
let lastMs = 0;
let longestGapMs = 0;

function ask(host: string): void {
  const socket = connect({ host, port, timeout: patienceMs });
  socket.once("timeout", () => socket.destroy());
  socket.once("error", ({ code }: NodeJS.ErrnoException) => {
    if (code === "ECONNREFUSED") noteAnswer(performance.now());
  });
}

function noteAnswer(nowMs: number): void {
  if (answers > 0) longestGapMs = Math.max(longestGapMs, nowMs - lastMs);
  answers += 1;
  lastMs = nowMs;
}

const timer = setInterval(() => addresses.forEach(ask), intervalMs);
createInterface({ input: process.stdin })
  .on("line", (address) => addresses.add(address))
  .on("close", () => {
    clearInterval(timer);
    process.stdout.write(JSON.stringify({ answers, longestGapMs }));
  });
