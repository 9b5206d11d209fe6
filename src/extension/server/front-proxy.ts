/** Who the front proxy says a request is from: in the headers that the cluster chose. Pure. */
import type { UserInfo } from "../../../api/admission.ts";
import type { FrontProxyTrust } from "./client-trust.ts";

/** Names and values in turn, as node has them: joined values could not be told from values with a comma. */
export type RawHeaders = readonly string[];

/** Undefined when they name nobody. */
export function userOfHeaders(headers: RawHeaders, trust: FrontProxyTrust): UserInfo | undefined {
  const name = firstOf(headers, trust.userHeaders);
  if (name === undefined) return undefined;
  const uid = firstOf(headers, trust.uidHeaders);
  const extra = extraOf(headers, trust.extraPrefixes);
  return {
    name,
    groups: trust.groupHeaders.flatMap((header) => valuesOf(headers, header)),
    ...(uid !== undefined && { uid }),
    ...(Object.keys(extra).length > 0 && { extra }),
  };
}

function firstOf(headers: RawHeaders, names: readonly string[]): string | undefined {
  return names.map((name) => valuesOf(headers, name)[0]).find((value) => value !== undefined);
}

/** None of them empty. */
function valuesOf(headers: RawHeaders, wanted: string): string[] {
  return pairsOf(headers).flatMap(([name, value]) => (name === wanted && value !== "" ? [value] : []));
}

function extraOf(headers: RawHeaders, prefixes: readonly string[]): Record<string, string[]> {
  const extra = new Map<string, string[]>();
  for (const [name, value] of pairsOf(headers)) {
    const prefix = prefixes.find((each) => each !== "" && name.startsWith(each));
    if (prefix === undefined) continue;
    const key = unescaped(name.slice(prefix.length));
    extra.set(key, [...(extra.get(key) ?? []), value]);
  }
  return Object.fromEntries(extra);
}

/** Keys are percent-encoded where a header's name could not hold them. */
function unescaped(key: string): string {
  try {
    return decodeURIComponent(key).toLowerCase();
  } catch (error) {
    if (error instanceof URIError) return key;
    throw error;
  }
}

function pairsOf(headers: RawHeaders): [name: string, value: string][] {
  const pairs: [string, string][] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const value = decoded(headers[index + 1] ?? "");
    if (value !== undefined) pairs.push([(headers[index] ?? "").toLowerCase(), value]);
  }
  return pairs;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** node shows each byte as one character, but names are UTF-8: one user must not look like another. Undefined when they are not. */
function decoded(value: string): string | undefined {
  try {
    return utf8.decode(Buffer.from(value, "latin1"));
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
