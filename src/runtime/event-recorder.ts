/**
 * Records what happened to an object as core/v1 Events, without ever holding up who records.
 *
 * A repeated event counts up on the one that is there. At most one request per event is in flight: what happens
 * meanwhile is added to the count of the next. While the API server is away sending is retried, then given up.
 */
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { type Event, events } from "../../api/core.ts";
import type { KubeObject } from "../../api/meta.ts";
import { isStatus, messageOf } from "../base/errors.ts";
import { createLogger } from "../base/log.ts";
import type { Client } from "../client/client.ts";
import { timestamp } from "./conditions.ts";
import { createEventCorrelator, remember } from "./event-correlator.ts";

export type EventType = "Normal" | "Warning";

export interface EventRecorder {
  record(object: KubeObject, type: EventType, reason: string, message: string): void;
  /** Resolves when everything recorded so far was sent or given up. */
  flush(): Promise<void>;
}

export interface EventRecorderOptions {
  /** Shown as the event's source, e.g. `virtualmachine-controller`. */
  component: string;
  /** The node, for those who work on one. */
  host?: string;
}

const attempts = 8;
const firstRetryMs = 500;
const longestMessage = 1024;
const log = createLogger("events");

/** One Event object of the API and how far it is sent. */
interface Tally {
  draft: Event;
  count: number;
  sentCount: number;
  last: Date;
}

export function createEventRecorder(client: Client, options: EventRecorderOptions): EventRecorder {
  const correlator = createEventCorrelator();
  const tallies = new Map<string, Tally>();
  const sending = new Map<string, Promise<void>>();

  async function sendAll(key: string, tally: Tally): Promise<void> {
    try {
      while (tally.sentCount < tally.count) await sendWithRetries(client, tally);
    } catch (error) {
      // An event is a courtesy: losing one must not disturb the work that it tells of.
      log.debug({ reason: tally.draft.reason, error: messageOf(error) }, "event dropped");
      tallies.delete(key);
    } finally {
      sending.delete(key);
    }
  }

  return {
    record(object, type, reason, message) {
      const now = new Date();
      const text = message.slice(0, longestMessage);
      const admitted = correlator.admit({ object: identityOf(object), type, reason, message: text }, now.getTime());
      if (!admitted) return;
      const { key } = admitted;
      const tally = tallies.get(key) ?? {
        draft: draftOf(object, type, reason, options, now),
        count: 0,
        sentCount: 0,
        last: now,
      };
      tally.draft.message = admitted.message;
      tally.count++;
      tally.last = now;
      remember(tallies, key, tally);
      if (!sending.has(key)) sending.set(key, sendAll(key, tally));
    },
    async flush() {
      while (sending.size > 0) await Promise.all(sending.values());
    },
  };
}

async function sendWithRetries(client: Client, tally: Tally): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await send(client, tally);
    } catch (error) {
      if (!isStatus(error, "ServiceUnavailable", "Timeout", "TooManyRequests") || attempt === attempts) throw error;
      await delay(firstRetryMs * 2 ** (attempt - 1), undefined, { ref: false });
    }
  }
}

async function send(client: Client, tally: Tally): Promise<void> {
  const { count, draft } = tally;
  const news = { count, lastTimestamp: timestamp(tally.last), message: draft.message };
  const key = { namespace: draft.metadata?.namespace, name: draft.metadata?.name ?? "" };
  try {
    if (tally.sentCount === 0) await client.create(events, { ...draft, ...news });
    else await client.patch(events, key, { type: "merge", body: news });
    tally.sentCount = count;
  } catch (error) {
    if (isStatus(error, "AlreadyExists")) tally.sentCount = Math.max(1, tally.sentCount);
    else if (isStatus(error, "NotFound") && tally.sentCount > 0) startAnew(tally);
    else throw error;
  }
}

/** The object expired on the server: what happens from now on is a new one. */
function startAnew(tally: Tally): void {
  tally.count -= tally.sentCount;
  tally.sentCount = 0;
  tally.draft = {
    ...tally.draft,
    firstTimestamp: timestamp(tally.last),
    metadata: { ...tally.draft.metadata, name: eventName(tally.draft.involvedObject?.name) },
  };
}

function draftOf(object: KubeObject, type: EventType, reason: string, options: EventRecorderOptions, now: Date): Event {
  const { name, namespace, uid, resourceVersion } = object.metadata ?? {};
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: eventName(name), namespace: namespace ?? "default" },
    involvedObject: { apiVersion: object.apiVersion, kind: object.kind, name, namespace, uid, resourceVersion },
    type,
    reason,
    source: { component: options.component, ...(options.host && { host: options.host }) },
    reportingComponent: options.component,
    reportingInstance: options.host ?? "",
    firstTimestamp: timestamp(now),
  };
}

function eventName(name = "unknown"): string {
  return `${name}.${randomBytes(8).toString("hex")}`;
}

function identityOf(object: KubeObject): string {
  const { namespace = "", name = "", uid = "" } = object.metadata ?? {};
  return `${object.apiVersion}/${object.kind}/${namespace}/${name}/${uid}`;
}
