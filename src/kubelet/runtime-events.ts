/** Follows containerd's own event stream: it tells at once when a container ends, by its id. */
import { setTimeout as delay } from "node:timers/promises";
import { fromBinary } from "@bufbuild/protobuf";
import { messageOf } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { type CriClient, criNamespace } from "../cri/client.ts";
import { TaskExitSchema, TaskOOMSchema, TaskStartSchema } from "../cri/gen/containerd/events/task.gen.ts";

const retryMs = 500;
/** The stream has no end; a deadline would be one. */
const noTimeout = 0;

export interface RuntimeEvents {
  /** A task of this container (or sandbox) started, ended or ran out of memory. */
  onContainer(id: string): void;
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
  const filters = ["start", "exit", "oom"].map((event) => `namespace==${criNamespace},topic=="/tasks/${event}"`);
  while (!signal.aborted) {
    try {
      const stream = cri.events.subscribe({ filters }, { signal, timeoutMs: noTimeout });
      handlers.onGap();
      for await (const { topic, event } of stream) {
        handlers.onContainer(containerIdOf(topic, event?.value ?? new Uint8Array()));
      }
    } catch (error) {
      if (!signal.aborted) {
        log.warn({ error: messageOf(error) }, "event stream of the container runtime broke");
      }
    }
    await delay(retryMs, undefined, { signal }).catch(() => undefined);
  }
}

function containerIdOf(topic: string, bytes: Uint8Array): string {
  switch (topic) {
    case "/tasks/start":
      return fromBinary(TaskStartSchema, bytes).containerId;
    case "/tasks/oom":
      return fromBinary(TaskOOMSchema, bytes).containerId;
    default:
      return fromBinary(TaskExitSchema, bytes).containerId;
  }
}
