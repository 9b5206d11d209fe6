import { longestTimerMs } from "../../base/longest-timer.ts";
import { type CriClient, isCriError } from "../../cri/client.ts";

/** What a busy runtime may take beyond the grace period. */
const patienceSeconds = 120;

/** SIGTERM, then SIGKILL after the grace period. Resolves when the container has ended, or is gone. @throws ConnectError */
export async function endContainer(cri: CriClient, containerId: string, graceSeconds: number): Promise<void> {
  const timeoutMs = Math.min((graceSeconds + patienceSeconds) * 1000, longestTimerMs);
  try {
    await cri.runtime.stopContainer({ containerId, timeout: BigInt(graceSeconds) }, { timeoutMs });
  } catch (error) {
    if (!isCriError(error, "NotFound")) {
      throw error;
    }
  }
}
