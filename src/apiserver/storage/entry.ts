/**
 * One stored version of one object.
 *
 * The stored text always starts `{"apiVersion":"...","kind":"...","metadata":{` (see `encode`), so that the
 * answer to a client is made by splicing in the resourceVersion (and the served apiVersion) instead of parsing and
 * printing again. The bytes are made once per revision and shared by every reader and watcher.
 */
import type { KubeObject } from "../../../api/meta.ts";
import { InvariantError } from "../../base/errors.ts";

export interface Entry {
  readonly key: string;
  readonly revision: number;
  /** The parsed object with its resourceVersion, shared: never change it, use `copy()`. */
  readonly object: KubeObject;
  /** A fresh copy that the caller owns. */
  copy(): KubeObject;
  /** JSON as served under an apiVersion. */
  json(apiVersion?: string): string;
}

const prefix = /^\{"apiVersion":"([^"]*)","kind":"[^"]*","metadata":\{/;

/** JSON text for the store: apiVersion, kind, metadata first, and no resourceVersion. */
export function encode(object: KubeObject): string {
  const { apiVersion, kind, metadata, ...rest } = object;
  const { resourceVersion: _stored, ...meta } = metadata ?? {};
  return JSON.stringify({ apiVersion, kind, metadata: meta, ...rest });
}

export function entryOf(key: string, text: string, revision: number): Entry {
  const head = prefix.exec(text);
  if (!head) throw new InvariantError(`stored object ${key} does not start with apiVersion, kind, metadata`);
  return new TextEntry(key, text, revision, head[0], head[1] ?? "");
}

class TextEntry implements Entry {
  readonly key: string;
  readonly revision: number;
  readonly #text: string;
  readonly #head: string;
  readonly #apiVersion: string;
  #object: KubeObject | undefined;
  #json: string | undefined;

  constructor(key: string, text: string, revision: number, head: string, apiVersion: string) {
    this.key = key;
    this.#text = text;
    this.revision = revision;
    this.#head = head;
    this.#apiVersion = apiVersion;
  }

  get object(): KubeObject {
    return (this.#object ??= this.copy());
  }

  copy(): KubeObject {
    return JSON.parse(this.json()) as KubeObject;
  }

  json(apiVersion?: string): string {
    const own = (this.#json ??= this.#splice());
    if (apiVersion === undefined || apiVersion === this.#apiVersion) return own;
    return `{"apiVersion":"${apiVersion}"${own.slice(`{"apiVersion":"${this.#apiVersion}"`.length)}`;
  }

  #splice(): string {
    const rest = this.#text.slice(this.#head.length);
    const comma = rest.startsWith("}") ? "" : ",";
    return `${this.#head}"resourceVersion":"${this.revision}"${comma}${rest}`;
  }
}
