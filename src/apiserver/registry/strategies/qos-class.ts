/** Guaranteed, Burstable or BestEffort, from the containers' requests and limits. Pure. */
import { list, record } from "../field.ts";

const counted = ["cpu", "memory"] as const;

export function qosClass(spec: Record<string, unknown>): "Guaranteed" | "Burstable" | "BestEffort" {
  const all = [...list(spec, "initContainers"), ...list(spec, "containers")].map((container) => ({
    requests: record<string>(container, "resources", "requests"),
    limits: record<string>(container, "resources", "limits"),
  }));
  const any = all.some(({ requests, limits }) => counted.some((name) => isSet(requests[name]) || isSet(limits[name])));
  if (!any) return "BestEffort";
  const guaranteed = all.every(({ requests, limits }) =>
    counted.every(
      (name) => isSet(limits[name]) && (!isSet(requests[name]) || `${requests[name]}` === `${limits[name]}`),
    ),
  );
  return guaranteed ? "Guaranteed" : "Burstable";
}

function isSet(quantity: string | number | undefined): boolean {
  return quantity !== undefined && !/^0[a-zA-Z]*$/.test(`${quantity}`);
}
