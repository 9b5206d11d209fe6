/** Discovery of what the registry holds at the moment. */
import type { ApiDelegate, ApiRequest, ApiResponse } from "../../../api/admission.ts";
import { answerDiscovery } from "../../http/discovery/answer.ts";
import type { DiscoveredGroup } from "../../http/discovery/groups.ts";
import type { Registry } from "../registry/registry.ts";
import { discover, type ExtraResources } from "./groups.ts";

export interface Discovery {
  groups(): readonly DiscoveredGroup[];
  /** False when the path is not one of discovery. */
  handle(path: string, request: ApiRequest, response: ApiResponse): boolean;
}

export function createDiscovery(
  registry: Registry,
  extra: ExtraResources,
  delegates: readonly ApiDelegate[],
  address: string,
): Discovery {
  let groups: readonly DiscoveredGroup[] | undefined;
  registry.onChange(() => {
    groups = undefined;
  });
  const current = (): readonly DiscoveredGroup[] => (groups ??= discover(registry.all(), extra, delegates));
  return {
    groups: current,
    handle: (path, request, response) => answerDiscovery(path, { request, response, groups: current(), address }),
  };
}
