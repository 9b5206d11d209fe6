/** What vmpod's images are called where a cluster pulls them from. Pure. */
import { programVersion } from "../base/version.ts";

/** Images that were put on the nodes by hand are called this. */
export const localRegistry = "localhost/vmpod";

export const defaultTag = `v${programVersion()}`;

export interface RegistryPath {
  /** `HOST` or `HOST:PORT`. */
  host: string;
  /** With a slash at the end, or empty. */
  prefix: string;
}

const hostPattern = /^(?=.*[.:]|localhost$)[a-z0-9.-]+(:\d+)?$|^\[[0-9a-f:]+\](:\d+)?$/i;
const pathPattern = /^[a-z0-9]+([._-]+[a-z0-9]+)*$/;
const tagPattern = /^\w[\w.-]{0,127}$/;
const referencePattern = /^[^\s/@:]+(:\d+)?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)+(:\w[\w.-]{0,127})?(@sha256:[0-9a-f]{64})?$/;

/** @param text `HOST[:PORT][/PATH...]` */
export function parseRegistry(text: string): RegistryPath {
  const [host = "", ...path] = text.replace(/\/+$/, "").split("/");
  if (!hostPattern.test(host))
    throw new Error(`registry ${JSON.stringify(text)}: it must begin with a host, e.g. registry.example.org/vmpod`);
  const wrong = path.find((part) => !pathPattern.test(part));
  if (wrong !== undefined)
    throw new Error(`registry ${JSON.stringify(text)}: ${JSON.stringify(wrong)} must be lower-case letters and digits`);
  return { host, prefix: path.map((part) => `${part}/`).join("") };
}

export function parseTag(text: string): string {
  if (tagPattern.test(text)) return text;
  throw new Error(`tag ${JSON.stringify(text)}: letters, digits, dots, dashes and underscores only, 128 at most`);
}

/** A whole image reference, as a pod names it. */
export function parseReference(text: string): string {
  if (referencePattern.test(text)) return text;
  throw new Error(`image ${JSON.stringify(text)}: must be HOST/NAME:TAG or HOST/NAME@sha256:DIGEST`);
}

export function imageReference(registry: string, name: string, tag: string): string {
  const { host, prefix } = parseRegistry(registry);
  return `${host}/${prefix}${name}:${parseTag(tag)}`;
}
