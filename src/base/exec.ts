import { spawn } from "node:child_process";
import { CommandError } from "./errors.ts";

const stderrTailBytes = 4096;

export interface ExecOptions {
  /** Written to the program's standard input, which is then closed. */
  input?: string | Uint8Array;
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  signal?: AbortSignal;
  timeoutMs?: number;
  /** Called with each chunk of standard error, e.g. to follow progress. */
  onStderr?: (chunk: string) => void;
}

/**
 * Runs a program to its end and returns its standard output.
 * @throws CommandError when it exits with anything but 0, or cannot be started.
 */
export function exec(argv: readonly string[], options: ExecOptions = {}): Promise<string> {
  return execBytes(argv, options).then((bytes) => bytes.toString("utf8"));
}

/** As `exec`, for output that is not text. */
export function execBytes(argv: readonly string[], options: ExecOptions = {}): Promise<Buffer> {
  const [program = "", ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: options.env,
      signal: options.signal,
      timeout: options.timeoutMs,
      stdio: ["pipe", "pipe", "pipe"],
    });
    const stdout: Buffer[] = [];
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      stderr = (stderr + chunk).slice(-stderrTailBytes);
      options.onStderr?.(chunk);
    });
    child.on("error", (error) => reject(new CommandError(argv, null, error.message)));
    child.on("close", (code) =>
      code === 0 ? resolve(Buffer.concat(stdout)) : reject(new CommandError(argv, code, stderr)),
    );
    // A program may exit without reading its input: its exit status tells, not the broken pipe.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input);
  });
}
