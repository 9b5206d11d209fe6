/** Namespace, Node, ConfigMap, Secret, Event, volumes: the small strategies. */
import type { KubeObject } from "../../../../api/meta.ts";
import type { StatusCause } from "../../../base/errors.ts";
import { forbidden, invalid } from "../../../apimachinery/schema/cause.ts";
import { validConfigKey } from "../../../apimachinery/names/names.ts";
import { sameJson } from "../../../apimachinery/schema/same-json.ts";
import { ensure, field, fill, list, record, text } from "../field.ts";
import type { Strategy } from "../kind.ts";

export const namespaceStrategy: Strategy = {
  default(namespace) {
    ensure(namespace, "metadata", "labels")["kubernetes.io/metadata.name"] = namespace.metadata?.name ?? "";
  },
  prepareCreate(namespace) {
    const spec = ensure(namespace, "spec");
    const finalizers = list<string>(spec, "finalizers");
    spec["finalizers"] = [...new Set([...finalizers, "kubernetes"])];
    ensure(namespace)["status"] = { phase: "Active" };
  },
  prepareUpdate(namespace, old) {
    // Only the finalize subresource changes them.
    ensure(namespace, "spec")["finalizers"] = list(old, "spec", "finalizers");
  },
  fields: (namespace) => ({ "status.phase": text(namespace, "status", "phase"), name: namespace.metadata?.name ?? "" }),
};

export const nodeStrategy: Strategy = {
  fields: (node) => ({ "spec.unschedulable": `${field(node, "spec", "unschedulable") === true}` }),
};

function dataCauses(object: KubeObject, ...fields: string[]): StatusCause[] {
  return fields.flatMap((name) =>
    Object.keys(record(object, name)).flatMap((key) =>
      validConfigKey(key).map((why) => invalid(`${name}[${key}]`, key, why)),
    ),
  );
}

function immutableData(object: KubeObject, old: KubeObject): StatusCause[] {
  if (field(old, "immutable") !== true) return [];
  const changed = ["data", "binaryData", "immutable", "type"].filter(
    (name) => !sameJson(field(object, name), field(old, name)),
  );
  return changed.map((name) => forbidden(name, "field is immutable when `immutable` is set"));
}

export const configMapStrategy: Strategy = {
  validate: (map) => dataCauses(map, "data", "binaryData"),
  validateUpdate: immutableData,
};

export const secretStrategy: Strategy = {
  default(secret) {
    const plain = record<string>(secret, "stringData");
    const object = ensure(secret);
    if (Object.keys(plain).length > 0) {
      const data = ensure(secret, "data");
      for (const [key, value] of Object.entries(plain)) data[key] = Buffer.from(value).toString("base64");
    }
    delete object["stringData"];
    fill(object, "type", "Opaque");
  },
  validate: (secret) => dataCauses(secret, "data"),
  validateUpdate: (secret, old) => [
    ...immutableData(secret, old),
    ...(text(secret, "type") === text(old, "type")
      ? []
      : [invalid("type", text(secret, "type"), "field is immutable")]),
  ],
  fields: (secret) => ({ type: text(secret, "type") }),
};

const involved = ["kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"];

export const eventStrategy: Strategy = {
  fields: (event) => ({
    ...Object.fromEntries(involved.map((key) => [`involvedObject.${key}`, text(event, "involvedObject", key)])),
    reason: text(event, "reason"),
    reportingComponent: text(event, "reportingComponent"),
    source: text(event, "source", "component") || text(event, "reportingComponent"),
    type: text(event, "type"),
  }),
};

/** Who may do what is changed by a new binding, never by another role under an old name. */
export const bindingStrategy: Strategy = {
  validateUpdate: (binding, old) =>
    sameJson(field(binding, "roleRef"), field(old, "roleRef"))
      ? []
      : [invalid("roleRef", field(binding, "roleRef"), "cannot change roleRef")],
};

export const volumeStrategy: Strategy = {
  prepareCreate(volume) {
    ensure(volume)["status"] = { phase: "Pending" };
  },
};

export const claimStrategy: Strategy = {
  ...volumeStrategy,
  validateUpdate(claim, old) {
    const fixed = (object: KubeObject): unknown => {
      const { volumeName: _volume, resources: _resources, storageClassName, ...rest } = record(object, "spec");
      return { ...rest, storageClassName: storageClassName ?? field(claim, "spec", "storageClassName") };
    };
    return sameJson(fixed(claim), fixed(old))
      ? []
      : [
          forbidden(
            "spec",
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims",
          ),
        ];
  },
};
