/** The opaque `continue` token of a paged list: the revision of its first page and the last key shown. */
import { messageOf, StatusError } from "../../base/errors.ts";

export interface ContinueToken {
  revision: number;
  /** Empty: from the beginning. */
  after: string;
}

export function encodeContinue(token: ContinueToken): string {
  return Buffer.from(JSON.stringify({ v: "meta.k8s.io/v1", rv: token.revision, start: token.after })).toString(
    "base64url",
  );
}

/** @throws StatusError BadRequest */
export function decodeContinue(text: string): ContinueToken {
  try {
    const { rv, start } = JSON.parse(Buffer.from(text, "base64url").toString("utf8")) as Record<string, unknown>;
    if (typeof rv === "number" && typeof start === "string") return { revision: rv, after: start };
  } catch (error) {
    throw new StatusError("BadRequest", `continue key is not valid: ${messageOf(error)}`);
  }
  throw new StatusError("BadRequest", "continue key is not valid: it names no revision and key");
}
