import type { KubeObject, Resource } from "../../../api/meta.ts";
import { type StatusCause, StatusError } from "../../base/errors.ts";

type Kind = Pick<Resource, "group" | "kind">;

/** @throws StatusError Invalid, in Kubernetes' words, when there is any cause. */
export function refuseCauses(kind: Kind, object: KubeObject, causes: readonly StatusCause[]): void {
  if (causes.length === 0) return;
  const name = object.metadata?.name ?? object.metadata?.generateName ?? "";
  const lines = causes.map(({ field, message }) => `${field}: ${message}`);
  const list = lines.length === 1 ? lines[0] : `[${lines.join(", ")}]`;
  throw new StatusError("Invalid", `${kind.kind}.${kind.group} "${name}" is invalid: ${list}`, {
    name,
    group: kind.group,
    kind: kind.kind,
    causes: [...causes],
  });
}
