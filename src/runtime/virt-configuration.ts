/**
 * The administrator's configuration, kept current from the KubeVirt resource. Of several resources the oldest counts, whichever
 * a process happens to see first: all of them must come to the same machine.
 */
import {
  type ConfigurationSource,
  type LogVerbosity,
  readConfiguration,
  type VirtConfiguration,
} from "../../api/kubevirt/configuration.ts";
import type { KubeVirt } from "../../api/kubevirt/resources.ts";
import { createLogger, setLogVerbosity } from "../base/log.ts";
import type { Informer } from "../client/informer.ts";
import { objectKey } from "./object-key.ts";

const log = createLogger("configuration");

/** Until the resource is read, and without one, the defaults hold. */
export function liveConfiguration(kubeVirts: Informer<KubeVirt>): ConfigurationSource {
  let current = readConfiguration(undefined).configuration;
  kubeVirts.onChange(() => {
    current = authoritativeConfiguration(kubeVirts);
  });
  return () => current;
}

/** Which of its numbers is that of a process. */
export type VerbosityOf = (verbosity: LogVerbosity) => number | undefined;

/** The node agent's; one of its node alone counts before that of all. */
export function agentVerbosity(nodeName: string): VerbosityOf {
  return ({ nodeVerbosity, virtHandler }) =>
    Object.hasOwn(nodeVerbosity, nodeName) ? nodeVerbosity[nodeName] : virtHandler;
}

/** Logs as much as the resource says, from now on; as much as it was started with while that says nothing. */
export function followLogVerbosity(kubeVirts: Informer<KubeVirt>, verbosityOf: VerbosityOf): void {
  kubeVirts.onChange(() => {
    const verbosity = verbosityOf(authoritativeConfiguration(kubeVirts).logVerbosity);
    if (setLogVerbosity(verbosity)) log.debug({ verbosity }, "the KubeVirt resource says how much is logged");
  });
}

function authoritativeConfiguration(kubeVirts: Informer<KubeVirt>): VirtConfiguration {
  return readConfiguration(authoritative(kubeVirts.list())).configuration;
}

/** The one that counts. */
export function authoritative(all: readonly KubeVirt[]): KubeVirt | undefined {
  return all.toSorted((one, other) => ageKey(one).localeCompare(ageKey(other)))[0];
}

function ageKey(kubevirt: KubeVirt): string {
  return `${kubevirt.metadata?.creationTimestamp ?? ""} ${objectKey(kubevirt)}`;
}
