/**
 * Limits that nobody asked for: where a ResourceQuota counts limits, a pod without them is refused, and a machine's owner cannot know
 * how much its QEMU takes. As KubeVirt: a CPU for each vCPU, and twice the memory that is requested, or what the namespace says.
 */
import type { Namespace, ResourceQuota } from "../../../../api/core.ts";
import { namespaces, resourceQuotas } from "../../../../api/core.ts";
import type { VirtConfiguration } from "../../../../api/kubevirt/configuration.ts";
import { labels } from "../../../../api/kubevirt/names.ts";
import { selects } from "../../../apimachinery/selector/selects.ts";
import type { Client } from "../../../client/client.ts";
import { createInformer } from "../../../client/create-informer.ts";
import type { Informer } from "../../../client/informer.ts";

export interface AutoLimits {
  cpu: boolean;
  /** How much more than the request; undefined: no limit. */
  memoryRatio: number | undefined;
}

export const noAutoLimits: AutoLimits = { cpu: false, memoryRatio: undefined };

const usualMemoryRatio = 2;

export interface QuotaFacts {
  quotas: readonly ResourceQuota[];
  namespace: Namespace | undefined;
  selector: VirtConfiguration["autoCpuLimitNamespaces"];
}

/** Pure. */
export function autoLimitsOf({ quotas, namespace, selector }: QuotaFacts): AutoLimits {
  return {
    cpu: counts(quotas, "limits.cpu") || (namespace !== undefined && selects(selector, namespace)),
    memoryRatio: counts(quotas, "limits.memory") ? memoryRatioOf(namespace) : undefined,
  };
}

function counts(quotas: readonly ResourceQuota[], resource: string): boolean {
  return quotas.some(({ spec }) => spec?.hard?.[resource] !== undefined);
}

/** A namespace's own, when it is a number that makes a limit. */
function memoryRatioOf(namespace: Namespace | undefined): number {
  const ratio = Number(namespace?.metadata?.labels?.[labels.autoMemoryLimitsRatio] ?? "");
  return Number.isFinite(ratio) && ratio >= 1 ? ratio : usualMemoryRatio;
}

export const createQuotaInformer = (client: Client): Informer<ResourceQuota> => createInformer(client, resourceQuotas);

export type FindAutoLimits = (namespace: string, signal: AbortSignal) => Promise<AutoLimits>;

/** Of a namespace as it is now; asks for it only where its labels can matter. */
export function createFindAutoLimits(
  client: Client,
  informer: Informer<ResourceQuota>,
  configuration: () => VirtConfiguration,
): FindAutoLimits {
  return async (name, signal) => {
    const quotas = informer.list(name);
    const selector = configuration().autoCpuLimitNamespaces;
    if (quotas.length === 0 && selector === undefined) return noAutoLimits;
    return autoLimitsOf({ quotas, selector, namespace: await client.get(namespaces, { name }, { signal }) });
  };
}
