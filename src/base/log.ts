import pino from "pino";

export type Logger = pino.Logger;

const loggers = new Set<Logger>();
/** As the process was started. */
let level = process.env["VMPOD_LOG"] ?? "info";
/** What an administrator wants of it while it runs. */
let verbosity: number | undefined;

/** A structured logger for one component; JSON lines on standard error. Level by VMPOD_LOG (default `info`). */
export function createLogger(component: string): Logger {
  const logger = pino(
    { base: { component }, level: currentLevel(), timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 2, sync: true }),
  );
  loggers.add(logger);
  return logger;
}

/** Of every logger, also of those that modules made for themselves. @throws Error naming the levels that there are */
export function setLogLevel(wanted: string): void {
  const known = [...Object.values(pino.levels.labels), "silent"];
  if (!known.includes(wanted)) throw new Error(`log level "${wanted}" is not known: use ${known.join(", ")}`);
  level = wanted;
  apply();
}

/** Counts before the level; undefined: as the process was started. @returns whether it is another one than before */
export function setLogVerbosity(wanted: number | undefined): boolean {
  if (verbosity === wanted) return false;
  verbosity = wanted;
  apply();
  return true;
}

/** What Kubernetes' numbers mean here: 2 is the usual, and everything from 6 on is all that there is. */
export function levelOfVerbosity(wanted: number): string {
  if (wanted >= 6) return "trace";
  if (wanted >= 3) return "debug";
  return wanted === 2 ? "info" : "warn";
}

function currentLevel(): string {
  return verbosity === undefined ? level : levelOfVerbosity(verbosity);
}

function apply(): void {
  for (const logger of loggers) logger.level = currentLevel();
}
