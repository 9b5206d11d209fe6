/**
 * A key pair in a directory that somebody else keeps current: the mount of a `kubernetes.io/tls` Secret.
 *
 *   DIR/tls.crt  tls.key    the pair
 *   DIR/ca.crt              whom to trust in return
 *
 * The kubelet replaces the files by swapping one link; who reads in that moment gets a half of each. So a new pair counts
 * only once it is whole, and until then the old one does. The files are small: reading them every few seconds costs less
 * than being right about the events of every file system.
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";

export interface MountedKeyPair {
  certificatePem: string;
  keyPem: string;
  caPem: string;
}

export interface FollowedKeyPair {
  current(): MountedKeyPair;
  onChange(handler: () => void): void;
}

export interface FollowOptions {
  log: Logger;
  signal: AbortSignal;
  intervalMs?: number;
}

const defaultIntervalMs = 5_000;

/** @throws when there is no usable pair now */
export async function followKeyPair(directory: string, options: FollowOptions): Promise<FollowedKeyPair> {
  let pair = await readKeyPair(directory);
  const handlers: (() => void)[] = [];
  void follow();
  return { current: () => pair, onChange: (handler) => void handlers.push(handler) };

  async function follow(): Promise<void> {
    const { log, signal, intervalMs = defaultIntervalMs } = options;
    while (await passed(intervalMs, signal)) {
      try {
        const now = await readKeyPair(directory);
        if (isSame(now, pair)) continue;
        pair = now;
        log.info({ directory, expires: new X509Certificate(pair.certificatePem).validTo }, "certificate reloaded");
        for (const handler of handlers) handler();
      } catch (error) {
        log.warn(
          { directory, error: messageOf(error) },
          "the certificate cannot be reloaded: the old one stays in use",
        );
      }
    }
  }
}

export async function readKeyPair(directory: string): Promise<MountedKeyPair> {
  const read = (name: string): Promise<string> => readFile(join(directory, name), "utf8");
  const [certificatePem, keyPem, caPem] = await Promise.all([read("tls.crt"), read("tls.key"), read("ca.crt")]);
  if (!new X509Certificate(certificatePem).checkPrivateKey(createPrivateKey(keyPem)))
    throw new Error(`${directory}: tls.key is not the key of tls.crt`);
  return { certificatePem, keyPem, caPem };
}

function isSame(one: MountedKeyPair, other: MountedKeyPair): boolean {
  return one.certificatePem === other.certificatePem && one.keyPem === other.keyPem && one.caPem === other.caPem;
}

/** False when the signal aborted. */
async function passed(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await delay(ms, undefined, { signal, ref: false });
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}
