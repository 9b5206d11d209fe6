/**
 * Tokens that need no list: `EXPIRY.SIGNATURE`, by a key that lives as long as the service of one machine. An agent that starts
 * anew has another key, and its clients fetch another token, as they do when one has expired.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

export interface Tokens {
  issue(ttlSeconds: number): string;
  isValid(token: string): boolean;
}

export function createTokens(nowMs: () => number = Date.now): Tokens {
  const key = randomBytes(32);
  const sign = (expiry: string): Buffer => createHmac("sha256", key).update(expiry).digest();
  return {
    issue(ttlSeconds) {
      const expiry = String(nowMs() + ttlSeconds * 1_000);
      return `${expiry}.${sign(expiry).toString("base64url")}`;
    },
    isValid(token) {
      const [, expiry = "", signature = ""] = /^(\d{1,16})\.([\w-]{43})$/.exec(token) ?? [];
      if (expiry === "") return false;
      return timingSafeEqual(Buffer.from(signature, "base64url"), sign(expiry)) && Number(expiry) > nowMs();
    },
  };
}
