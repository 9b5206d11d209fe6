import pino from "pino";

export type Logger = pino.Logger;

/** A structured logger for one component; JSON lines on standard error. Level by VMPOD_LOG (default `info`). */
export function createLogger(component: string): Logger {
  return pino(
    { base: { component }, level: process.env["VMPOD_LOG"] ?? "info", timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 2, sync: true }),
  );
}
