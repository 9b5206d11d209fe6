/** Fields that nobody can own: they identify the object or are the server's. */
import { differenceOf, type FieldSet, fieldSet, leafSet } from "./field-set.ts";

const metadataFields = [
  "name",
  "namespace",
  "creationTimestamp",
  "selfLink",
  "uid",
  "clusterName",
  "generation",
  "managedFields",
  "resourceVersion",
];

const serverManaged = fieldSet(false, [
  ["f:apiVersion", leafSet],
  ["f:kind", leafSet],
  ["f:metadata", { self: true, children: new Map(metadataFields.map((field) => [`f:${field}`, leafSet])) }],
]);

/** The parts that make up every object are there anyway. */
const sections = fieldSet(false, [
  ["f:spec", leafSet],
  ["f:status", leafSet],
]);

export function withoutServerManaged(set: FieldSet): FieldSet {
  const rest = differenceOf(set, serverManaged);
  const spread = [...sections.children.keys()].filter((key) => (rest.children.get(key)?.children.size ?? 0) > 0);
  return differenceOf(
    rest,
    fieldSet(
      false,
      spread.map((key) => [key, leafSet]),
    ),
  );
}
