/**
 * Keeps vmpod's own processes running: starts them, restarts what dies, stops them on request.
 *
 *   supervisor ──spawns──> apiserver, controller, agent      (restarted with back-off when they end)
 *       ▲                        │
 *       └──── `vmpod up --detach` by the agent when its supervisor vanished (the IPC channel closes)
 *
 * The processes outlive a killed supervisor. The next one finds them by their records, stops them and starts its own,
 * so there is never more than one of each. Guests and containers are not its children and never notice.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "../base/log.ts";
import { recordProcess, stopProcess } from "./process-record.ts";

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
  readonly #running = new Map<string, ChildProcess>();
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

  /** Stops everything, last started first. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const name of [...this.#running.keys()].reverse()) {
      await stopProcess(this.#recordOf(name), stopGraceMs);
    }
  }

  #spawn(target: SupervisedProcess, backoffMs: number): void {
    const [program = "", ...args] = target.argv;
    const output = openSync(join(this.#options.logDir, `${target.name}.log`), "a");
    const startedAt = performance.now();
    const child = spawn(program, args, { detached: true, stdio: ["ignore", output, output, "ipc"] });
    closeSync(output);
    this.#running.set(target.name, child);
    if (child.pid !== undefined) recordProcess(this.#recordOf(target.name), child.pid);
    child.on("error", (error) => this.#options.log.error({ process: target.name, error }, "could not be started"));
    child.on("close", (code, signal) => {
      if (this.#stopping) return;
      const waitMs = performance.now() - startedAt > stableMs ? firstBackoffMs : backoffMs;
      this.#options.log.warn({ process: target.name, code, signal, waitMs }, "ended; starting it again");
      setTimeout(() => this.#respawn(target, waitMs), waitMs);
    });
  }

  #respawn(target: SupervisedProcess, waitedMs: number): void {
    if (!this.#stopping) this.#spawn(target, Math.min(waitedMs * 2, longestBackoffMs));
  }

  #recordOf(name: string): string {
    return join(this.#options.pidDir, name);
  }
}
