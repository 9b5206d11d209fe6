/** Says of a refused field that its user did not write it, but what the machine is made of. */
import type { StatusCause } from "../validate/causes.ts";
import type { VirtualMachine } from "../types.ts";
import { valueAt } from "./field-path.ts";
import { matcherOf } from "./matcher.ts";
import { matcherFields } from "./specs.ts";

/** @param vm as its user wrote it */
export function explainOrigin(vm: VirtualMachine, causes: readonly StatusCause[]): StatusCause[] {
  const names = matcherFields.flatMap((field) => {
    const name = matcherOf(vm, field)?.name;
    return name ? [`${field} ${name}`] : [];
  });
  if (names.length === 0) return [...causes];
  return causes.map((cause) =>
    isWritten(vm, cause.field) ? cause : { ...cause, message: `${cause.message} (of ${names.join(" or ")})` },
  );
}

/** Names in brackets, as of labels, are the user's own. */
function isWritten(vm: VirtualMachine, field = ""): boolean {
  if (!field.startsWith("spec.template.spec.")) return true;
  return valueAt(vm, field.replaceAll(/\[(\d+)\]/g, ".$1")) !== undefined;
}
