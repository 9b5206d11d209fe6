const levels = ["fatal", "error", "warn", "info", "debug", "trace", "silent"];

/** `--log-level LEVEL` taken out of the arguments. Loggers read their level when they are made, so it must be the first thing. */
export function takeLogLevel(argv: readonly string[], env: NodeJS.ProcessEnv = process.env): string[] {
  const index = argv.findIndex((argument) => argument === "--log-level" || argument.startsWith("--log-level="));
  if (index === -1) return [...argv];
  const [inline] = (argv[index] ?? "").split("=").slice(1);
  const level = inline ?? argv[index + 1] ?? "";
  if (!levels.includes(level)) throw new Error(`--log-level ${level}: must be one of ${levels.join(", ")}`);
  env["VMPOD_LOG"] = level;
  return argv.filter((_, at) => at !== index && (inline !== undefined || at !== index + 1));
}
