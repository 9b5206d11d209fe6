import pino from "pino";

export type Logger = pino.Logger;

const loggers = new Set<Logger>();
let level = process.env["VMPOD_LOG"] ?? "info";

/** A structured logger for one component; JSON lines on standard error. Level by VMPOD_LOG (default `info`). */
export function createLogger(component: string): Logger {
  const logger = pino(
    { base: { component }, level, timestamp: pino.stdTimeFunctions.isoTime },
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
  for (const logger of loggers) logger.level = wanted;
}
