/**
 * What to do about certificates. Pure.
 *
 * Trust comes before its use, and outlives it: whoever mounts a Secret learns of a change minutes later, each at another
 * moment, and until then goes on with what it has. So an authority is replaced like this:
 *
 *   signs: A
 *     | A is at two thirds of its life, or lost
 *     v
 *   signs: B  trusted: B, A    the bundle goes everywhere; certificates by A stay
 *     | for propagationMs the bundle has been everywhere
 *     v
 *   signs: B  trusted: B, A    certificates by A are issued anew by B
 *     | the last of them was replaced propagationMs ago
 *     v
 *   signs: B
 *
 * Invariant: whatever somebody holds, old or new, is trusted by everybody, whether they read the old or the new; but for a
 * certificate that somebody destroyed: its successor must be signed by who signs now, at once.
 */
import type { X509Certificate } from "node:crypto";
import type { Secret } from "../../../api/core.ts";
import type { Leaf } from "./leaves.ts";
import type { Observation } from "./observation.ts";
import {
  type AuthorityContent,
  authoritiesInUse,
  type Content,
  isSignedBy,
  type LeafContent,
  pemBundle,
  readAuthority,
  secretTypes,
} from "./secret-content.ts";
import {
  dueMs,
  isTrustedEverywhere,
  lastIssuedMs,
  type LeafSituation,
  type Situation,
  situationOf,
  trustedNote,
} from "./situation.ts";
import { type Trusting, type TrustingObject, withCaBundle } from "./trusting-objects.ts";

/** `secret` is what is there now: an action that is late meets another version of it, and fails. */
export type Action =
  | ({ type: "establishAuthority"; previousPem: string } & Making)
  | ({ type: "issue"; leaf: Leaf; signer: Signer; bundlePem: string } & Making)
  | { type: "setBundle"; secret: Secret; bundlePem: string }
  | { type: "setCaBundle"; trusting: Trusting; changed: TrustingObject }
  | { type: "noteTrusted"; secret: Secret; note: string }
  | { type: "forgetPrevious"; secret: Secret }
  | { type: "remove"; secret: Secret; why: string };

interface Making {
  secret: Secret | undefined;
  reason: Reason;
  nowMs: number;
  lifetimeMs: number;
}

export interface Signer {
  certificatePem: string;
  keyPem: string;
}

export interface Reason {
  /** Something that was there could not be used. */
  isReplacement: boolean;
  message: string;
}

export function plan(observation: Observation): Action[] {
  const unfit = removeUnfit(observation);
  if (unfit.length > 0) return unfit;
  const authority = readAuthority(observation.authoritySecret, observation.nowMs);
  if (authority.state !== "good") return [replaceLost(observation, authority)];
  if (dueMs(authority.signer) <= observation.nowMs) return [succeed(observation, authority)];
  return planCertificates(situationOf(observation, authority));
}

/** When to look again although nothing changed: at the next moment by which alone a plan differs. */
export function requeueAfterMs(observation: Observation): number | undefined {
  const { nowMs, lifetimes } = observation;
  const authority = readAuthority(observation.authoritySecret, nowMs);
  if (authority.state !== "good") return undefined;
  const situation = situationOf(observation, authority);
  const ahead = [
    dueMs(authority.signer),
    ...situation.leaves.flatMap(({ content }) => (content.state === "good" ? [dueMs(content.certificate)] : [])),
    (situation.trustedSinceMs ?? 0) + lifetimes.propagationMs,
    lastIssuedMs(situation) + lifetimes.propagationMs,
  ].filter((moment) => moment > nowMs);
  return ahead.length > 0 ? Math.ceil(Math.min(...ahead) - nowMs) : undefined;
}

/** What could not be written is made anew. */
function removeUnfit({ authoritySecret, leaves }: Observation): Action[] {
  const ofType = (secret: Secret | undefined, type: string): Action[] => {
    if (secret === undefined) return [];
    if (secret.immutable) return [{ type: "remove", secret, why: "it was immutable" }];
    return secret.type === type ? [] : [{ type: "remove", secret, why: `it was of type ${secret.type}` }];
  };
  return [
    ...ofType(authoritySecret, secretTypes.authority),
    ...leaves.flatMap(({ secret }) => ofType(secret, secretTypes.leaf)),
  ];
}

/** Whose certificates are in use is still trusted, although nothing can be signed by it any more. */
function replaceLost(observation: Observation, content: Content<AuthorityContent>): Action {
  const { nowMs, leaves, authoritySecret: secret, lifetimes } = observation;
  const inUse = leaves.flatMap((each) => authoritiesInUse(each.secret, nowMs));
  const reason =
    content.state === "broken"
      ? { isReplacement: true, message: content.why }
      : { isReplacement: false, message: "there was none" };
  const previousPem = pemBundle(distinct(inUse));
  return { type: "establishAuthority", secret, previousPem, reason, nowMs, lifetimeMs: lifetimes.authorityMs };
}

function succeed(observation: Observation, { signer, previous }: AuthorityContent): Action {
  const { nowMs, authoritySecret: secret, lifetimes } = observation;
  const reason = { isReplacement: false, message: `the one before is good until ${signer.validTo}` };
  const previousPem = pemBundle([signer, ...previous]);
  return { type: "establishAuthority", secret, previousPem, reason, nowMs, lifetimeMs: lifetimes.authorityMs };
}

function planCertificates(situation: Situation): Action[] {
  const spreading = [...situation.leaves.flatMap((each) => planLeaf(situation, each)), ...planTrusting(situation)];
  if (spreading.length > 0) return spreading;
  const { authoritySecret: secret, trustedSinceMs } = situation;
  if (trustedSinceMs === undefined) return [{ type: "noteTrusted", secret, note: trustedNote(situation) }];
  return isPreviousForgotten(situation) ? [{ type: "forgetPrevious", secret }] : [];
}

function planLeaf(situation: Situation, { leaf, secret, content }: LeafSituation): Action[] {
  const { authority, bundlePem, nowMs, lifetimes } = situation;
  const reason = reasonToIssue(situation, content);
  if (reason !== undefined) {
    const signer = { certificatePem: authority.signer.toString(), keyPem: authority.keyPem };
    return [{ type: "issue", secret, leaf, signer, bundlePem, reason, nowMs, lifetimeMs: lifetimes.leafMs }];
  }
  const isInformed = content.state === "good" && content.bundle === bundlePem;
  return isInformed || secret === undefined ? [] : [{ type: "setBundle", secret, bundlePem }];
}

function reasonToIssue(situation: Situation, content: Content<LeafContent>): Reason | undefined {
  if (content.state === "missing") return { isReplacement: false, message: "there was none" };
  if (content.state === "broken") return { isReplacement: true, message: content.why };
  if (!isTrustedEverywhere(situation)) return undefined;
  const { certificate } = content;
  const isDue = dueMs(certificate) <= situation.nowMs;
  if (isDue) return { isReplacement: false, message: `the one before is good until ${certificate.validTo}` };
  const isOfSigner = isSignedBy(certificate, situation.authority.signer);
  return isOfSigner ? undefined : { isReplacement: false, message: "a new authority signs" };
}

function planTrusting({ trusting, namespace, bundlePem }: Situation): Action[] {
  return trusting.flatMap((each) => {
    const changed = withCaBundle(each, namespace, bundlePem);
    return changed === each.object ? [] : [{ type: "setCaBundle" as const, trusting: each, changed }];
  });
}

/** Whether those before are of no use to anybody any more. */
function isPreviousForgotten(situation: Situation): boolean {
  const { authority, leaves, nowMs, lifetimes } = situation;
  if (authority.previous.length === 0) return false;
  const areOfSigner = leaves.every(
    ({ content }) => content.state === "good" && isSignedBy(content.certificate, authority.signer),
  );
  return areOfSigner && isTrustedEverywhere(situation) && lastIssuedMs(situation) + lifetimes.propagationMs <= nowMs;
}

function distinct(certificates: readonly X509Certificate[]): X509Certificate[] {
  return [...new Map(certificates.map((each) => [each.fingerprint256, each])).values()];
}
