import { type Command, InvalidArgumentError } from "commander";

/** The options that `stop` and `restart` share. */
export interface ForceOptions {
  force?: boolean;
  gracePeriod?: number;
  dryRun?: boolean;
}

export function forceOptions(command: Command): Command {
  return command
    .option("--force", "do not wait for the guest; needs --grace-period")
    .option("--grace-period <seconds>", "time that the guest gets to shut down; needs --force", wholeNumber)
    .option("--dry-run", "only check whether it could be done");
}

/** @returns the grace period of a forced stop, undefined for a clean one. @throws Error when only one of both is set */
export function forcedGraceSeconds({ force, gracePeriod }: ForceOptions): number | undefined {
  if (Boolean(force) !== (gracePeriod !== undefined))
    throw new Error("Must both use --force=true and set --grace-period.");
  return gracePeriod;
}

export function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}

export function portNumber(text: string): number {
  const port = wholeNumber(text);
  if (port > 65_535) throw new InvalidArgumentError("It must be a port number, 0 to 65535.");
  return port;
}
