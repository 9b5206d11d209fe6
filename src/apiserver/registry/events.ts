/** `events.k8s.io` Events are the stored core Events, seen through newer field names. Pure. */
import type { KubeObject } from "../../../api/meta.ts";
import type { Conversion } from "./kind.ts";

/** Core field -> field of `events.k8s.io`. */
const names: readonly [core: string, newer: string][] = [
  ["involvedObject", "regarding"],
  ["message", "note"],
  ["source", "deprecatedSource"],
  ["firstTimestamp", "deprecatedFirstTimestamp"],
  ["lastTimestamp", "deprecatedLastTimestamp"],
  ["count", "deprecatedCount"],
  ["reportingComponent", "reportingController"],
];

export const eventConversion: Conversion = {
  fromStorage: (object) => renamed(object, new Map(names)),
  toStorage: (object) => renamed(object, new Map(names.map(([core, newer]) => [newer, core]))),
};

function renamed(object: KubeObject, renames: ReadonlyMap<string, string>): KubeObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [renames.get(key) ?? key, value]));
}
