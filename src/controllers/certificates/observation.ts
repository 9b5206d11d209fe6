/** What the controller looks at: everything at once, since one authority stands behind it all. Plain data, never changed. */
import type { Secret } from "../../../api/core.ts";
import type { Leaf } from "./leaves.ts";
import type { Trusting } from "./trusting-objects.ts";

export interface Lifetimes {
  authorityMs: number;
  leafMs: number;
  /** By when whoever mounts a Secret has certainly read what was written into it. */
  propagationMs: number;
}

const dayMs = 24 * 60 * 60 * 1000;

/** A kubelet takes up to two minutes to bring a Secret's news into a pod. */
export const defaultLifetimes: Lifetimes = {
  authorityMs: 3650 * dayMs,
  leafMs: 365 * dayMs,
  propagationMs: 10 * 60 * 1000,
};

export interface Observation {
  namespace: string;
  nowMs: number;
  lifetimes: Lifetimes;
  authoritySecret: Secret | undefined;
  leaves: { leaf: Leaf; secret: Secret | undefined }[];
  /** Those that there are: `vmpod install` makes them. */
  trusting: Trusting[];
}
