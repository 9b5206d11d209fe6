/** Claims without a storage class get the default one; pods get the number of their priority class. */
import type { AdmissionPlugin } from "../../../api/admission.ts";
import { persistentVolumeClaims, pods } from "../../../api/core.ts";
import { type PriorityClass, priorityClasses } from "../../../api/scheduling.ts";
import { storageClasses } from "../../../api/storage.ts";
import { StatusError } from "../../base/errors.ts";
import { ensure, field, text } from "../registry/field.ts";
import type { Objects } from "../storage/objects.ts";

const defaultAnnotation = "storageclass.kubernetes.io/is-default-class";

export function createDefaultStorageClass(objects: Objects): AdmissionPlugin {
  return {
    name: "DefaultStorageClass",
    matches: ({ resource, operation, subresource }) =>
      resource.group === "" &&
      resource.plural === persistentVolumeClaims.plural &&
      operation === "CREATE" &&
      subresource === "",
    async mutate({ object = {} }) {
      const spec = ensure(object, "spec");
      if (spec["storageClassName"] !== undefined) return object;
      const classes = (await objects.list(storageClasses)).map((entry) => entry.object);
      const chosen = classes
        .filter((each) => each.metadata?.annotations?.[defaultAnnotation] === "true")
        .sort((a, b) =>
          text(b, "metadata", "creationTimestamp").localeCompare(text(a, "metadata", "creationTimestamp")),
        )[0];
      if (chosen) spec["storageClassName"] = chosen.metadata?.name;
      return object;
    },
  };
}

/** The classes that every cluster has without storing them. */
const systemPriorities: Readonly<Record<string, number>> = {
  "system-cluster-critical": 2_000_000_000,
  "system-node-critical": 2_000_001_000,
};

export function createPriority(objects: Objects): AdmissionPlugin {
  return {
    name: "Priority",
    matches: ({ resource, operation, subresource }) =>
      resource.group === "" && resource.plural === pods.plural && operation === "CREATE" && subresource === "",
    async mutate({ object = {}, name }) {
      const spec = ensure(object, "spec");
      const asked = text(spec, "priorityClassName");
      const classes = (await objects.list(priorityClasses)).map((entry) => entry.object as PriorityClass);
      const chosen = classes.find((each) =>
        asked === "" ? each.globalDefault === true : each.metadata?.name === asked,
      );
      const value = chosen?.value ?? systemPriorities[asked];
      if (asked !== "" && value === undefined)
        throw new StatusError(
          "Forbidden",
          `pods "${name}" is forbidden: no PriorityClass with name ${asked} was found`,
          { name, kind: "pods" },
        );
      spec["priority"] = value ?? 0;
      if (chosen) spec["priorityClassName"] = chosen.metadata?.name;
      spec["preemptionPolicy"] = field(chosen, "preemptionPolicy") ?? "PreemptLowerPriority";
      return object;
    },
  };
}
