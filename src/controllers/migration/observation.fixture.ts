import { defaultConfiguration } from "../../../api/kubevirt/configuration.ts";
import type { Observation } from "./observation.ts";

/** What a migration sees around it that has the cluster to itself. */
export const undisturbed: Pick<
  Observation,
  "others" | "hasOpenPredecessor" | "hasOtherNodes" | "blockClaims" | "configuration"
> = {
  others: { overall: 0, fromNode: 0 },
  hasOpenPredecessor: false,
  hasOtherNodes: false,
  blockClaims: new Set(),
  configuration: defaultConfiguration.migrations,
};
