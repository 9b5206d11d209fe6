/** Keeps whom to trust current from the cluster's ConfigMap; without one, or before it is read, client certificates mean nothing. */
import { type ConfigMap, configMaps } from "../../../api/core.ts";
import type { Logger } from "../../base/log.ts";
import type { Client } from "../../client/client.ts";
import { createInformer } from "../../client/create-informer.ts";
import { type ClientTrust, noTrust, parseClientTrust } from "./client-trust.ts";

export interface FollowedTrust {
  current(): ClientTrust;
  /** Whether the ConfigMap, or its absence, was seen. */
  isKnown(): boolean;
  onChange(handler: () => void): void;
}

export interface FollowTrustOptions {
  client: Client;
  log: Logger;
  signal: AbortSignal;
}

const key = { namespace: "kube-system", name: "extension-apiserver-authentication" };

export function followClientTrust({ client, log, signal }: FollowTrustOptions): FollowedTrust {
  const informer = createInformer(client, configMaps, {
    namespace: key.namespace,
    fieldSelector: `metadata.name=${key.name}`,
  });
  const handlers: (() => void)[] = [];
  let current = noTrust;
  let isKnown = false;
  informer.onChange(() => {
    current = read(informer.get(key.namespace, key.name), log);
    for (const handler of handlers) handler();
  });
  informer.start(signal);
  void noteSynced();
  return { current: () => current, isKnown: () => isKnown, onChange: (handler) => void handlers.push(handler) };

  async function noteSynced(): Promise<void> {
    await informer.synced();
    isKnown = true;
    if (current === noTrust) log.warn(key, "the cluster names no authorities of clients: only bearer tokens count");
  }
}

function read(configMap: ConfigMap | undefined, log: Logger): ClientTrust {
  const { trust, problems } = parseClientTrust(configMap?.data ?? {});
  for (const problem of problems) log.warn(key, problem);
  const { clientAuthorities, frontProxy } = trust;
  log.info(
    { clients: clientAuthorities.length, frontProxies: frontProxy?.authorities.length ?? 0 },
    "authorities read",
  );
  return trust;
}
