/**
 * Keeps vmpod's own processes running: starts them, restarts what dies, stops them on request.
 *
 *   supervisor ──spawns──> apiserver, controller, agent      (restarted with back-off when they end)
 *       ▲                        │
 *       └──── `vmpod up --take-over` by the agent when the supervisor is gone
 *
 * The processes outlive a killed supervisor. The next one finds them by their records and looks after them as if they were its
 * own, so there is never more than one of each and none is interrupted. Guests and containers are not its children and never notice.
 */
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "../base/log.ts";
import { findProcess, recordProcess, stopProcess, whenGone } from "./process-record.ts";

export interface SupervisedProcess {
  name: string;
  argv: readonly string[];
}

export interface SupervisorOptions {
  pidDir: string;
  logDir: string;
  log: Logger;
}

const firstBackoffMs = 100;
const longestBackoffMs = 10_000;
/** A process that ran this long starts with a fresh back-off. */
const stableMs = 30_000;
const stopGraceMs = 5_000;

export class Supervisor {
  readonly #options: SupervisorOptions;
  /** In the order of their starts. */
  readonly #names = new Set<string>();
  #stopping = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    mkdirSync(options.pidDir, { recursive: true });
    // What processes say may concern secrets.
    mkdirSync(options.logDir, { recursive: true, mode: 0o700 });
  }

  /** Starts the process in place of the one that an earlier supervisor may have left. */
  async start(target: SupervisedProcess): Promise<void> {
    await stopProcess(this.#recordOf(target.name), stopGraceMs);
    this.#spawn(target, firstBackoffMs);
  }

  /** Goes on with the process that a killed supervisor left, or starts it when there is none. */
  adopt(target: SupervisedProcess): void {
    const record = findProcess(this.#recordOf(target.name));
    if (!record) return this.#spawn(target, firstBackoffMs);
    this.#names.add(target.name);
    whenGone(record, () => this.#onEnd(target, { pid: record.pid }, firstBackoffMs));
  }

  /** Stops everything, last started first. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const name of [...this.#names].reverse()) {
      await stopProcess(this.#recordOf(name), stopGraceMs);
    }
  }

  /** Ends its watch, and no process: another supervisor is to go on with them. */
  leave(): void {
    this.#stopping = true;
    this.#names.clear();
  }

  #spawn(target: SupervisedProcess, backoffMs: number): void {
    // Whatever begins now would outlive us: those to be stopped have been gone through.
    if (this.#stopping) return;
    const [program = "", ...args] = target.argv;
    const output = openSync(join(this.#options.logDir, `${target.name}.log`), "a");
    const startedAt = performance.now();
    const child = spawn(program, args, { detached: true, stdio: ["ignore", output, output] });
    closeSync(output);
    this.#names.add(target.name);
    if (child.pid !== undefined) recordProcess(this.#recordOf(target.name), child.pid);
    child.on("error", (error) => this.#options.log.error({ process: target.name, error }, "could not be started"));
    child.on("close", (code, signal) => {
      const waitMs = performance.now() - startedAt > stableMs ? firstBackoffMs : backoffMs;
      this.#onEnd(target, { code, signal }, waitMs);
    });
  }

  #onEnd(target: SupervisedProcess, how: object, waitMs: number): void {
    if (this.#stopping) return;
    this.#options.log.warn({ process: target.name, ...how, waitMs }, "ended; starting it again");
    setTimeout(() => this.#spawn(target, Math.min(waitMs * 2, longestBackoffMs)), waitMs);
  }

  #recordOf(name: string): string {
    return join(this.#options.pidDir, name);
  }
}
