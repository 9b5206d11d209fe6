/**
 * The administrator's configuration, kept current from the KubeVirt resource. Of several resources the oldest counts, whichever
 * a process happens to see first: all of them must come to the same machine.
 */
import { type ConfigurationSource, readConfiguration } from "../../api/kubevirt/configuration.ts";
import type { KubeVirt } from "../../api/kubevirt/resources.ts";
import type { Informer } from "../client/informer.ts";
import { objectKey } from "./object-key.ts";

/** Until the resource is read, and without one, the defaults hold. */
export function liveConfiguration(kubeVirts: Informer<KubeVirt>): ConfigurationSource {
  let current = readConfiguration(undefined).configuration;
  kubeVirts.onChange(() => {
    current = readConfiguration(authoritative(kubeVirts.list())).configuration;
  });
  return () => current;
}

/** The one that counts. */
export function authoritative(all: readonly KubeVirt[]): KubeVirt | undefined {
  return all.toSorted((one, other) => ageKey(one).localeCompare(ageKey(other)))[0];
}

function ageKey(kubevirt: KubeVirt): string {
  return `${kubevirt.metadata?.creationTimestamp ?? ""} ${objectKey(kubevirt)}`;
}
