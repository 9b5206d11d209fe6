import type { APIService } from "../../../api/apiregistration.ts";
import { extensionApiServices, extensionService } from "../../base/cluster-names.ts";
import type { InstallSettings } from "../settings.ts";

/**
 * `subresources.kubevirt.io`, served by the API extension. Pure. The controller puts its authority's certificate there: no
 * `caBundle` here, so that applying again leaves it alone.
 */
export function renderApiServices({ namespace }: InstallSettings): APIService[] {
  return extensionApiServices.map((name, index) => {
    const [version = "", ...group] = name.split(".");
    return {
      apiVersion: "apiregistration.k8s.io/v1",
      kind: "APIService",
      metadata: { name },
      spec: {
        group: group.join("."),
        version,
        groupPriorityMinimum: 1000,
        // The first is the one that clients prefer.
        versionPriority: 15 - index,
        service: { namespace, name: extensionService, port: 443 },
      },
    };
  });
}
