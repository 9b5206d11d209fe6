/** What every object gets when it comes into being. */
import { randomUUID } from "node:crypto";

export function newMeta(): { uid: string; creationTimestamp: string } {
  return { uid: randomUUID(), creationTimestamp: now() };
}

/** Kubernetes times have whole seconds. */
export function now(): string {
  return timeIn(0);
}

export function timeIn(seconds: number): string {
  return `${new Date(Date.now() + seconds * 1000).toISOString().slice(0, 19)}Z`;
}
