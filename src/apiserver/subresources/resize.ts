/** pods/resize: how much processor and memory a pod's containers ask for, while they run. Answers as the pod; its kubelet does the rest. */
import type { KubeObject } from "../../../api/meta.ts";
import { forbidden, invalid } from "../../apimachinery/schema/cause.ts";
import { sameJson } from "../../apimachinery/schema/same-json.ts";
import type { StatusCause } from "../../base/errors.ts";
import { compareQuantities, isQuantity } from "../../base/quantity.ts";
import { field, list, record, text } from "../registry/field.ts";
import type { Json, ServedKind } from "../registry/kind.ts";
import { qosClass } from "../registry/strategies/qos-class.ts";
import type { Call } from "../verbs/call.ts";
import { decodeObject } from "../verbs/decode.ts";
import { subresourcePatch } from "../verbs/patch.ts";
import { showEntry } from "../verbs/show.ts";
import { updateObject } from "../verbs/update.ts";
import { invalidIf } from "../verbs/validate.ts";

export async function updateResize(call: Call): Promise<void> {
  const wanted = await decodeObject(call);
  await write(call, () => wanted);
}

export async function patchResize(call: Call): Promise<void> {
  await write(call, await subresourcePatch(call, call.kind.schema ?? {}));
}

async function write(call: Call, want: (current: KubeObject) => KubeObject): Promise<void> {
  const entry = await updateObject(call, (current) => resized(call.kind, current, want(structuredClone(current))));
  showEntry(call, 200, entry);
}

/** Of what is wanted only the containers' resources count. */
function resized(kind: ServedKind, current: KubeObject, wanted: KubeObject): KubeObject {
  const spec = record(current, "spec");
  const asked = new Map(list(wanted, "spec", "containers").map((each) => [text(each, "name"), each["resources"]]));
  const containers = list(spec, "containers").map((each) => {
    const resources = asked.get(text(each, "name"));
    return resources === undefined ? each : { ...each, resources };
  });
  const next = { ...current, spec: { ...spec, containers } };
  invalidIf(kind, next, resizeCauses(spec, next.spec));
  const { resourceVersion, managedFields } = wanted.metadata ?? {};
  return { ...next, metadata: { ...current.metadata, ...(resourceVersion && { resourceVersion }), managedFields } };
}

const resizable = ["cpu", "memory"];

function resizeCauses(before: Json, after: Json): StatusCause[] {
  const wrong = list(after, "containers").flatMap((each, index) =>
    amountCauses(each, `spec.containers[${index}].resources`),
  );
  if (wrong.length > 0) return wrong;
  const others = list(before, "containers").flatMap((container, index) =>
    sameJson(unresizable(container), unresizable(list(after, "containers")[index] ?? {}))
      ? []
      : [forbidden(`spec.containers[${index}].resources`, "only cpu and memory resources are mutable")],
  );
  if (others.length > 0 || qosClass(before) === qosClass(after)) return others;
  return [forbidden("spec", "Pod QOS Class may not change as a result of resizing")];
}

function amountCauses(container: Json, path: string): StatusCause[] {
  return resizable.flatMap((name) => {
    const [request, limit] = ["requests", "limits"].map((kind) => field(container, "resources", kind, name));
    if (request !== undefined && !isQuantity(request))
      return [invalid(`${path}.requests[${name}]`, request, "must be a quantity, e.g. 512Mi or 500m")];
    if (limit === undefined) return [];
    if (!isQuantity(limit))
      return [invalid(`${path}.limits[${name}]`, limit, "must be a quantity, e.g. 512Mi or 500m")];
    if (request === undefined || compareQuantities(request, limit) <= 0) return [];
    return [invalid(`${path}.requests[${name}]`, request, `must be less than or equal to ${name} limit of ${limit}`)];
  });
}

function unresizable(container: Json): unknown {
  const { requests: _requests, limits: _limits, ...rest } = record(container, "resources");
  const fixed = (["requests", "limits"] as const).map((name) =>
    Object.entries(record(container, "resources", name)).filter(([resource]) => !resizable.includes(resource)),
  );
  return [rest, fixed];
}
