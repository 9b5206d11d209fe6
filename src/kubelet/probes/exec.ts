import type { CriClient } from "../../cri/client.ts";
import { isCriError } from "../../cri/client.ts";

export interface ExecRequest {
  containerId: string;
  command: string[];
  /** 0: as long as it takes. */
  timeoutSeconds: number;
  signal?: AbortSignal | undefined;
}

export interface ExecResult {
  exitCode: number;
  /** The end of what it wrote. */
  output: string;
}

const mostOutput = 2048;
const longestMs = 24 * 3_600_000;

/** Runs a command inside a container to its end; one that takes too long is killed and counts as exit 124. */
export async function execInContainer(cri: CriClient, request: ExecRequest): Promise<ExecResult> {
  const { containerId, command, timeoutSeconds, signal } = request;
  const timeoutMs = timeoutSeconds === 0 ? longestMs : timeoutSeconds * 1000 + 5000;
  try {
    const cmd = { containerId, cmd: command, timeout: BigInt(timeoutSeconds) };
    const { exitCode, stdout, stderr } = await cri.runtime.execSync(cmd, { timeoutMs, signal });
    const output = Buffer.concat([stdout, stderr]).toString("utf8").trim().slice(-mostOutput);
    return { exitCode, output };
  } catch (error) {
    if (isCriError(error, "DeadlineExceeded")) {
      return { exitCode: 124, output: `command timed out after ${timeoutSeconds}s` };
    }
    throw error;
  }
}
