/** `metadata.managedFields`, decoded: who owns which fields. */
import type { ManagedFieldsEntry } from "../../../api/meta.ts";
import { emptySet, type FieldSet, isEmptySet, sameSet, unionOf } from "./field-set.ts";
import { fromFieldsV1, toFieldsV1 } from "./fields-v1.ts";

export interface Manager {
  name: string;
  operation: "Apply" | "Update";
  apiVersion: string;
  /** Empty for the main resource. */
  subresource: string;
  time: string | undefined;
  fields: FieldSet;
}

export type ManagerKey = Pick<Manager, "name" | "operation" | "apiVersion" | "subresource">;

/** More managers that update than this are thrown together, the oldest first. */
const maxUpdateManagers = 10;
const ancientName = "ancient-changes";

export function sameManager(left: ManagerKey, right: ManagerKey): boolean {
  return (
    left.name === right.name &&
    left.operation === right.operation &&
    left.subresource === right.subresource &&
    (left.operation === "Apply" || left.apiVersion === right.apiVersion)
  );
}

export function decodeManagers(entries: readonly ManagedFieldsEntry[] | undefined): Manager[] {
  return (entries ?? []).map((entry) => ({
    name: entry.manager ?? "",
    operation: entry.operation === "Apply" ? "Apply" : "Update",
    apiVersion: entry.apiVersion ?? "",
    subresource: entry.subresource ?? "",
    time: entry.time,
    fields: fromFieldsV1(entry.fieldsV1),
  }));
}

/** Sorted as Kubernetes does; managers that own nothing are left out. */
export function encodeManagers(managers: readonly Manager[]): ManagedFieldsEntry[] {
  const owning = joinOldest(managers.filter((manager) => !isEmptySet(manager.fields)));
  return owning.toSorted(compareManagers).map((manager) => ({
    manager: manager.name,
    operation: manager.operation,
    apiVersion: manager.apiVersion,
    ...(manager.time !== undefined && { time: manager.time }),
    fieldsType: "FieldsV1",
    fieldsV1: toFieldsV1(manager.fields),
    ...(manager.subresource !== "" && { subresource: manager.subresource }),
  }));
}

function compareManagers(left: Manager, right: Manager): number {
  const order = (manager: Manager) => [
    manager.operation,
    manager.time ?? "",
    manager.name,
    manager.apiVersion,
    manager.subresource,
  ];
  const [a, b] = [order(left), order(right)];
  const index = a.findIndex((text, position) => text !== b[position]);
  return index < 0 ? 0 : (a[index] ?? "") < (b[index] ?? "") ? -1 : 1;
}

function joinOldest(managers: readonly Manager[]): Manager[] {
  const updaters = managers.filter((manager) => manager.operation === "Update").toSorted(compareManagers);
  const excess = updaters.length - maxUpdateManagers;
  if (excess <= 0) return [...managers];
  const oldest = updaters.slice(0, excess + 1);
  const [first] = oldest;
  if (first === undefined) return [...managers];
  const fields = oldest.reduce((all, manager) => unionOf(all, manager.fields), emptySet);
  const time = oldest.at(-1)?.time;
  return [
    ...managers.filter((manager) => !oldest.includes(manager)),
    { ...first, name: ancientName, subresource: "", time, fields },
  ];
}

/** Gives the manager these fields. */
export function setManager(managers: readonly Manager[], key: ManagerKey, fields: FieldSet, time: string): Manager[] {
  const old = managers.find((manager) => sameManager(manager, key));
  const manager: Manager = { ...key, fields, time };
  return old ? managers.map((other) => (other === old ? manager : other)) : [...managers, manager];
}

/** Whether the manager had just these fields, through this version, before. */
export function isUnchanged(managers: readonly Manager[], key: ManagerKey, fields: FieldSet): boolean {
  const old = managers.find((manager) => sameManager(manager, key));
  return old !== undefined && old.apiVersion === key.apiVersion && sameSet(old.fields, fields);
}
