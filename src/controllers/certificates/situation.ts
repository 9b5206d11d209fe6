/** An observation with what is in its Secrets, and how far trust has spread. Pure. */
import { createHash, type X509Certificate } from "node:crypto";
import type { Secret } from "../../../api/core.ts";
import { backdateMs } from "../../pki/authority.ts";
import type { Observation } from "./observation.ts";
import { type AuthorityContent, type Content, type LeafContent, pemBundle, readLeaf } from "./secret-content.ts";

export interface Situation extends Observation {
  authority: AuthorityContent;
  authoritySecret: Secret;
  /** Who is trusted: whoever signs, and those before. */
  bundlePem: string;
  leaves: LeafSituation[];
  /** Since when the bundle is known to be everywhere. */
  trustedSinceMs: number | undefined;
}

export type LeafSituation = Observation["leaves"][number] & { content: Content<LeafContent> };

/** On the authority's Secret: which bundle has been everywhere, and since when: `DIGEST TIME`. */
export const trustedSinceAnnotation = "vmpod.dev/trusted-since";

export function situationOf(observation: Observation, authority: AuthorityContent): Situation {
  const { nowMs, authoritySecret = {} } = observation;
  const trusted = [authority.signer, ...authority.previous];
  const bundlePem = pemBundle(trusted);
  const leaves = observation.leaves.map((each) => ({
    ...each,
    content: readLeaf(each.secret, each.leaf, trusted, nowMs),
  }));
  const trustedSinceMs = notedMs(authoritySecret, bundlePem);
  return { ...observation, authority, authoritySecret, bundlePem, leaves, trustedSinceMs };
}

/** Whether whoever mounts a Secret has read the bundle by now. */
export function isTrustedEverywhere({ trustedSinceMs, nowMs, lifetimes }: Situation): boolean {
  return trustedSinceMs !== undefined && trustedSinceMs + lifetimes.propagationMs <= nowMs;
}

export function lastIssuedMs({ leaves }: Situation): number {
  const issued = leaves.flatMap(({ content }) => (content.state === "good" ? [issuedMs(content.certificate)] : []));
  return Math.max(0, ...issued);
}

/** At two thirds of its life. */
export function dueMs(certificate: X509Certificate): number {
  const fromMs = issuedMs(certificate);
  return fromMs + ((certificate.validToDate.getTime() - fromMs) * 2) / 3;
}

function issuedMs({ validFromDate }: X509Certificate): number {
  return validFromDate.getTime() + backdateMs;
}

export function trustedNote({ bundlePem, nowMs }: Situation): string {
  return `${digestOf(bundlePem)} ${new Date(nowMs).toISOString()}`;
}

/** A note about another bundle says nothing about this one. */
function notedMs(secret: Secret, bundlePem: string): number | undefined {
  const [digest, time = ""] = (secret.metadata?.annotations?.[trustedSinceAnnotation] ?? "").split(" ");
  const ms = Date.parse(time);
  return digest === digestOf(bundlePem) && !Number.isNaN(ms) ? ms : undefined;
}

function digestOf(bundlePem: string): string {
  return createHash("sha256").update(bundlePem).digest("hex").slice(0, 16);
}
