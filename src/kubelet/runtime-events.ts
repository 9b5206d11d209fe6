/** Follows containerd's own event stream: it tells at once when a container ends, by its id. */
import { setTimeout as delay } from "node:timers/promises";
import { fromBinary } from "@bufbuild/protobuf";
import { messageOf } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { type CriClient, criNamespace } from "../cri/client.ts";
import { TaskExitSchema } from "../cri/gen/containerd/events/task.gen.ts";

const retryMs = 500;
/** The runtime does not say from when on it tells: what it takes until then is looked for afterwards. */
const beginsWithinMs = 1_000;
/** The stream has no end; a deadline would be one. */
const noTimeout = 0;

export interface RuntimeEvents {
  /** This container or sandbox ended; the CRI may take a moment to say so too. */
  onExit(id: string): void;
  /** Events may have been missed. */
  onGap(): void;
}

/** Until the signal aborts; survives restarts of containerd. */
export async function followRuntimeEvents(
  cri: CriClient,
  log: Logger,
  handlers: RuntimeEvents,
  signal: AbortSignal,
): Promise<void> {
  const filters = [`namespace==${criNamespace},topic=="/tasks/exit"`];
  while (!signal.aborted) {
    try {
      const stream = cri.events.subscribe({ filters }, { signal, timeoutMs: noTimeout });
      handlers.onGap();
      using _second = later(beginsWithinMs, () => handlers.onGap());
      for await (const { event } of stream) {
        const { containerId, id } = fromBinary(TaskExitSchema, event?.value ?? new Uint8Array());
        // Other ids are commands that were run inside it.
        if (id === containerId) {
          handlers.onExit(containerId);
        }
      }
    } catch (error) {
      if (!signal.aborted) {
        log.warn({ error: messageOf(error) }, "event stream of the container runtime broke");
      }
    }
    await delay(retryMs, undefined, { signal }).catch(() => undefined);
  }
}

function later(milliseconds: number, action: () => void): Disposable {
  const timer = setTimeout(action, milliseconds);
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}
