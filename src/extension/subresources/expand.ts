/** expand-spec and expand-vm-spec: a VirtualMachine with what its instance type and preference say written out. */
import { expandVirtualMachine } from "../../../api/kubevirt/instancetype/expand.ts";
import { defaultMatcherKinds, validateMatchers, withoutMatchers } from "../../../api/kubevirt/instancetype/matcher.ts";
import { required } from "../../../api/kubevirt/validate/causes.ts";
import { virtualMachines } from "../../../api/kubevirt/resources.ts";
import type { VirtualMachine } from "../../../api/kubevirt/types.ts";
import { StatusError } from "../../base/errors.ts";
import { findMachineSpecs } from "../../runtime/machine-specs.ts";
import { inferMatchers } from "../admission/infer-matchers.ts";
import { refuseCauses } from "../admission/invalid.ts";
import { type Answer, type ExtensionContext, jsonAnswer, type SubresourceRequest } from "./context.ts";
import { getVm } from "./objects.ts";

export async function expandSpec(context: ExtensionContext, request: SubresourceRequest): Promise<Answer> {
  return jsonAnswer(await expand(context, await getVm(context.client, request)));
}

export async function expandVmSpec(context: ExtensionContext, request: SubresourceRequest): Promise<Answer> {
  const { namespace, body } = request;
  const vm = body as (VirtualMachine & { kind?: string }) | undefined;
  if (vm?.kind !== "VirtualMachine") throw new StatusError("BadRequest", "the request's body must be a VirtualMachine");
  const own = vm.metadata?.namespace;
  if (own !== undefined && own !== namespace) {
    throw new StatusError("BadRequest", `VM namespace must be "${namespace}", as the request's is; it is "${own}"`);
  }
  refuseCauses(virtualMachines, vm, [
    ...(vm.spec?.template ? [] : [required("spec.template", "the VirtualMachineInstance to run")]),
    ...(vm.spec ? validateMatchers(vm) : []),
  ]);
  const named = defaultMatcherKinds(
    await inferMatchers(context.client, { ...vm, metadata: { ...vm.metadata, namespace } }),
  );
  return jsonAnswer(await expand(context, named));
}

/** @throws StatusError NotFound, or Invalid with upstream's words for what contradicts the instance type */
async function expand({ client, configuration }: ExtensionContext, vm: VirtualMachine): Promise<VirtualMachine> {
  const expansion = expandVirtualMachine(vm, await findMachineSpecs(client, vm), configuration());
  refuseCauses(virtualMachines, vm, expansion.causes);
  return withoutMatchers(expansion.vm);
}
