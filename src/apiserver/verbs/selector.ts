/** The `labelSelector` and `fieldSelector` of a list, watch or deletecollection. */
import type { KubeObject } from "../../../api/meta.ts";
import { matchesFields, parseFieldSelector } from "../../apimachinery/selector/field-selector.ts";
import { matchesLabels, parseLabelSelector } from "../../apimachinery/selector/label-selector.ts";
import { StatusError } from "../../base/errors.ts";
import type { ResourcePath } from "../../http/path.ts";
import { groupVersion, type ServedKind } from "../registry/kind.ts";

export type Selects = (object: KubeObject) => boolean;

/** Undefined when everything is selected. @throws StatusError BadRequest */
export function selectorOf(kind: ServedKind, query: URLSearchParams, path?: ResourcePath): Selects | undefined {
  const tests: Selects[] = [];
  const labels = query.get("labelSelector");
  const fields = query.get("fieldSelector");
  if (labels) tests.push(labelTest(labels));
  if (fields) tests.push(fieldTest(kind, fields));
  // A watch of one object by its own path.
  if (path?.name !== undefined) tests.push((object) => object.metadata?.name === path.name);
  return tests.length === 0 ? undefined : (object) => tests.every((test) => test(object));
}

function labelTest(text: string): Selects {
  const requirements = parseLabelSelector(text);
  return (object) => matchesLabels(requirements, object.metadata?.labels);
}

function fieldTest(kind: ServedKind, text: string): Selects {
  const requirements = parseFieldSelector(text);
  const supported = fieldsOf(kind, {});
  for (const { field } of requirements) {
    if (field in supported) continue;
    const message = `Unable to find "${groupVersion(kind)}, Resource=${kind.plural}" that match label selector "", field selector "${text}": field label not supported: ${field}`;
    throw new StatusError("BadRequest", message);
  }
  return (object) => {
    const values = fieldsOf(kind, object);
    return matchesFields(requirements, (field) => values[field]);
  };
}

function fieldsOf(kind: ServedKind, object: KubeObject): Record<string, string> {
  return {
    "metadata.name": object.metadata?.name ?? "",
    ...(kind.namespaced && { "metadata.namespace": object.metadata?.namespace ?? "" }),
    ...kind.strategy.fields?.(object),
  };
}
