/** Runs the admission plugins around the validation of the object itself. */
import type { AdmissionRequest } from "../../../api/admission.ts";
import type { KubeObject } from "../../../api/meta.ts";
import { InvariantError } from "../../base/errors.ts";
import { type Operation, nameIn } from "./call.ts";

export function admissionRequest(
  call: Operation,
  operation: AdmissionRequest["operation"],
  object: KubeObject | undefined,
  oldObject: KubeObject | undefined,
): AdmissionRequest {
  const { kind, path, user, dryRun } = call;
  const name = object?.metadata?.name ?? oldObject?.metadata?.name ?? nameIn(call);
  const { namespace, subresource } = path;
  return { operation, resource: kind, subresource, namespace, name, user, dryRun, object, oldObject };
}

/** Mutating plugins, then `validate`, then validating plugins; returns the object to store. */
export async function admit(
  call: Operation,
  request: AdmissionRequest,
  validate: (object: KubeObject) => void,
): Promise<KubeObject> {
  const plugins = call.api.admission.filter((plugin) => plugin.matches(request));
  let current = request;
  for (const plugin of plugins) if (plugin.mutate) current = { ...current, object: await plugin.mutate(current) };
  const { object } = current;
  if (!object) throw new InvariantError(`admission of ${request.resource.plural} ${request.name} lost the object`);
  validate(object);
  await runValidation(call, current);
  return object;
}

export async function runValidation(call: Operation, request: AdmissionRequest): Promise<void> {
  for (const plugin of call.api.admission) {
    if (!plugin.validate || !plugin.matches(request)) continue;
    call.warnings.push(...((await plugin.validate(request)) ?? []));
  }
}
