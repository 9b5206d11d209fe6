/** `/scale`: the number of replicas of any kind that says where it keeps it (`autoscaling/v1` Scale). */
import type { KubeObject, LabelSelector } from "../../../api/meta.ts";
import { formatLabelSelector, requirementsOf } from "../../apimachinery/selector/label-selector.ts";
import { StatusError } from "../../base/errors.ts";
import { ensure, field, number } from "../registry/field.ts";
import type { ScalePaths } from "../registry/kind.ts";
import type { Entry } from "../storage/entry.ts";
import { type Call, nameIn } from "../verbs/call.ts";
import { readJson } from "../verbs/decode.ts";
import { subresourcePatch } from "../verbs/patch.ts";
import { showObject } from "../verbs/show.ts";
import { updateObject } from "../verbs/update.ts";

export async function getScale(call: Call): Promise<void> {
  const entry = await call.api.objects.get(call.kind, call.path.namespace, nameIn(call));
  showObject(call, 200, scaleOf(pathsOf(call), entry.object));
}

export async function updateScale(call: Call): Promise<void> {
  const scale = (await readJson(call)) as KubeObject;
  await write(call, () => scale);
}

export async function patchScale(call: Call): Promise<void> {
  await write(call, await subresourcePatch(call, {}));
}

async function write(call: Call, want: (current: KubeObject) => KubeObject): Promise<void> {
  const paths = pathsOf(call);
  // The object itself is what changes: its rules and its generation apply.
  const inner = { ...call, path: { ...call.path, subresource: "" } };
  const entry: Entry = await updateObject(inner, (current) => {
    const scale = want(scaleOf(paths, current));
    const replicas = field(scale, "spec", "replicas") ?? 0;
    if (typeof replicas !== "number" || !Number.isInteger(replicas) || replicas < 0)
      throw new StatusError(
        "Invalid",
        `Scale spec.replicas: Invalid value: ${JSON.stringify(replicas)}: must be greater than or equal to 0`,
      );
    setAt(current, paths.specReplicasPath, replicas);
    const { resourceVersion } = scale.metadata ?? {};
    return { ...current, metadata: { ...current.metadata, ...(resourceVersion && { resourceVersion }) } };
  });
  showObject(call, 200, scaleOf(paths, entry.object));
}

function pathsOf(call: Call): ScalePaths {
  if (call.kind.scale) return call.kind.scale;
  throw new StatusError("NotFound", "the server could not find the requested resource");
}

export function scaleOf(paths: ScalePaths, object: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata ?? {};
  const scale = {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: number(object, ...steps(paths.specReplicasPath)) },
    status: { replicas: number(object, ...steps(paths.statusReplicasPath)), ...selectorOf(paths, object) },
  };
  return scale;
}

function selectorOf({ labelSelectorPath }: ScalePaths, object: KubeObject): { selector?: string } {
  if (labelSelectorPath === undefined) return {};
  const selector = field(object, ...steps(labelSelectorPath));
  if (typeof selector === "string") return { selector };
  if (typeof selector !== "object" || selector === null) return {};
  const isPlain = !("matchLabels" in selector) && !("matchExpressions" in selector);
  const full = (isPlain ? { matchLabels: selector } : selector) as LabelSelector;
  return { selector: formatLabelSelector(requirementsOf(full)) };
}

/** `.spec.replicas` -> spec, replicas. */
function steps(path: string): string[] {
  return path.split(".").filter((step) => step !== "");
}

function setAt(object: object, path: string, value: unknown): void {
  const all = steps(path);
  const last = all.at(-1) ?? "";
  ensure(object, ...all.slice(0, -1))[last] = value;
}
