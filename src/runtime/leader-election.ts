/**
 * Of several candidates one leads: it holds a Lease and renews it.
 *
 *   wait --- lease free, or not renewed for its duration as watched by our own clock ---> lead
 *    ^                                                                                     |
 *    '--- not renewed within the deadline (the signal of `lead` aborts first), or taken <--'
 *
 * Invariants: clocks of different machines are never compared; the leader stops leading (renewDeadline) before
 * anyone may take over (leaseDuration). On a clean end the lease is given back, so the next one need not wait.
 */
import { setTimeout as delay } from "node:timers/promises";
import { type Lease, leases } from "../../api/coordination.ts";
import { isStatus, messageOf } from "../base/errors.ts";
import { createLogger } from "../base/log.ts";
import type { Client } from "../client/client.ts";
import { unlessNotFound } from "../client/unless-not-found.ts";

export interface LeaderElectionOptions {
  namespace: string;
  name: string;
  /** Unique among the candidates. */
  identity: string;
  signal: AbortSignal;
  /** What the leader does; it must end soon after its signal aborts, before the lease is anybody else's. */
  lead(signal: AbortSignal): Promise<void>;
  leaseDurationMs?: number;
  renewDeadlineMs?: number;
  retryMs?: number;
}

const requestTimeoutMs = 5_000;
const log = createLogger("leader-election");

/** Takes part until the signal aborts; rejects with what `lead` throws. */
export async function runLeaderElection(client: Client, options: LeaderElectionOptions): Promise<void> {
  const { signal, retryMs = 2_000 } = options;
  const candidate = createCandidate(client, options);
  while (!signal.aborted) {
    const askedAt = performance.now();
    if (await candidate.tryToHold(requestTimeoutMs)) await leadWhileHeld(candidate, askedAt, options);
    else await pause(retryMs * (1 + Math.random() * 0.2), signal);
  }
}

async function leadWhileHeld(candidate: Candidate, askedAt: number, options: LeaderElectionOptions): Promise<void> {
  const { signal, identity, name } = options;
  const lost = new AbortController();
  const leading = AbortSignal.any([signal, lost.signal]);
  log.info({ lease: name, identity }, "leading");
  const work = options.lead(leading).finally(() => lost.abort());
  // Told below; until then it is nobody's failure.
  work.catch(() => undefined);
  await renewUntilLost(candidate, askedAt, options, leading).finally(() => lost.abort());
  await endedInTime(work, options);
  log.info({ lease: name, identity }, "no longer leading");
  await candidate.giveBack();
}

/**
 * Work that does not end must not keep this candidate from ever leading again, nor act beside the next leader: who called ends
 * the process then, and is started anew.
 * @throws Error when the work is still on although the next leader may begin
 */
async function endedInTime(work: Promise<void>, options: LeaderElectionOptions): Promise<void> {
  const { leaseDurationMs = 15_000, renewDeadlineMs = 10_000, name } = options;
  const graceMs = Math.max(1_000, leaseDurationMs - renewDeadlineMs);
  const ended = new AbortController();
  const tooLate = delay(graceMs, undefined, { signal: ended.signal }).then(() => {
    throw new Error(`the lease ${name} is lost, and what its leader did has not ended after ${graceMs} ms`);
  });
  await Promise.race([work, tooLate]).finally(() => ended.abort());
}

/**
 * Returns at the deadline at the latest, however long a request takes. It counts from when holding was asked for: the others saw the
 * lease change before the answer came here.
 */
async function renewUntilLost(
  candidate: Candidate,
  heldSince: number,
  options: LeaderElectionOptions,
  leading: AbortSignal,
): Promise<void> {
  const { renewDeadlineMs = 10_000, retryMs = 2_000 } = options;
  let renewedAt = heldSince;
  const leftMs = () => renewDeadlineMs - (performance.now() - renewedAt);
  while (!leading.aborted && leftMs() > 0) {
    await pause(Math.min(retryMs, leftMs()), leading);
    if (leading.aborted || leftMs() <= 0) return;
    const askedAt = performance.now();
    if (await candidate.tryToHold(leftMs())) renewedAt = askedAt;
    else if (candidate.isHeldByOther()) return;
  }
}

interface Candidate {
  tryToHold(timeoutMs: number): Promise<boolean>;
  isHeldByOther(): boolean;
  giveBack(): Promise<void>;
}

function createCandidate(client: Client, options: LeaderElectionOptions): Candidate {
  const { namespace, name, identity, leaseDurationMs = 15_000 } = options;
  const key = { namespace, name };
  let seen: Lease | undefined;
  let seenChangingAt = 0;

  /** The other's renewals are timed by when we saw them, on our clock. */
  function look(lease: Lease): void {
    if (seen?.metadata?.resourceVersion !== lease.metadata?.resourceVersion) seenChangingAt = performance.now();
    seen = lease;
  }

  function mayTake(lease: Lease): boolean {
    const holder = lease.spec?.holderIdentity;
    return !holder || holder === identity || performance.now() - seenChangingAt > leaseDurationMs;
  }

  async function hold(timeoutMs: number): Promise<boolean> {
    const signal = AbortSignal.timeout(Math.ceil(Math.min(timeoutMs, requestTimeoutMs)));
    if (seen?.spec?.holderIdentity === identity && (await renew(seen, signal))) return true;
    const current = await unlessNotFound(client.get(leases, key, { signal }));
    if (!current) {
      look(await client.create(leases, { metadata: key, spec: held(undefined) }, { signal }));
      return true;
    }
    look(current);
    if (!mayTake(current)) return false;
    look(await client.update(leases, { ...current, spec: held(current) }, { signal }));
    return true;
  }

  /** Our own as we left it: the server says when somebody has changed it since. */
  async function renew(own: Lease, signal: AbortSignal): Promise<boolean> {
    try {
      look(await client.update(leases, { ...own, spec: held(own) }, { signal }));
      return true;
    } catch (error) {
      if (isStatus(error, "Conflict", "NotFound")) return false;
      throw error;
    }
  }

  function held(current: Lease | undefined): Lease["spec"] {
    const now = microTime(new Date());
    const isOurs = current?.spec?.holderIdentity === identity;
    const transitions = current?.spec?.leaseTransitions ?? 0;
    return {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(leaseDurationMs / 1000),
      acquireTime: isOurs ? current.spec?.acquireTime : now,
      renewTime: now,
      leaseTransitions: isOurs || !current ? transitions : transitions + 1,
    };
  }

  return {
    async tryToHold(timeoutMs) {
      return hold(timeoutMs).catch((error: unknown) => {
        log.debug({ lease: name, error: messageOf(error) }, "the lease was not renewed");
        return false;
      });
    },
    isHeldByOther: () => seen?.spec?.holderIdentity !== identity,
    async giveBack() {
      if (!seen || seen.spec?.holderIdentity !== identity) return;
      const released: Lease = { ...seen, spec: { ...seen.spec, holderIdentity: "", leaseDurationSeconds: 1 } };
      await client
        .update(leases, released, { signal: AbortSignal.timeout(requestTimeoutMs) })
        .then(look, (error: unknown) => {
          log.debug({ lease: name, error: messageOf(error) }, "the lease was not given back; it runs out by itself");
        });
    },
  };
}

/** RFC 3339 with microseconds. */
export function microTime(date: Date): string {
  return date.toISOString().replace(/Z$/, "000Z");
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
