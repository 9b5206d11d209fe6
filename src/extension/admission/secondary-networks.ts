/** Whether anybody attaches the networks that a machine names: without their kind nobody does, and its pod would lack them silently. */
import type { AdmissionPlugin, AdmissionRequest } from "../../../api/admission.ts";
import { forbidden } from "../../../api/kubevirt/validate/causes.ts";
import { virtualMachineInstances, virtualMachines } from "../../../api/kubevirt/resources.ts";
import type {
  VirtualMachine,
  VirtualMachineInstance,
  VirtualMachineInstanceSpec,
} from "../../../api/kubevirt/types.ts";
import { networkAttachmentDefinitions } from "../../../api/network-attachments.ts";
import { isStatus } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import { refuseCauses } from "./invalid.ts";
import { concerns } from "./request.ts";

const reason = "nobody attaches networks here: install Multus, or use the pod network only";

export function secondaryNetworksPlugin(client: Client): AdmissionPlugin {
  return {
    name: "SecondaryNetworks",
    matches: (request) =>
      [virtualMachines, virtualMachineInstances].some((kind) => concerns(request, kind)) && named(request).length > 0,
    async validate(request) {
      if (await isServed(client)) return;
      const kind = isMachine(request) ? virtualMachines : virtualMachineInstances;
      const causes = named(request).map((field) => forbidden(field, reason));
      refuseCauses(kind, request.object ?? {}, causes);
    },
  };
}

const isMachine = ({ resource }: AdmissionRequest): boolean => resource.plural === virtualMachines.plural;

/** The fields that name one. */
function named(request: AdmissionRequest): string[] {
  const path = isMachine(request) ? "spec.template.spec" : "spec";
  const spec: VirtualMachineInstanceSpec | undefined = isMachine(request)
    ? (request.object as VirtualMachine | undefined)?.spec?.template?.spec
    : (request.object as VirtualMachineInstance | undefined)?.spec;
  const networks: unknown = spec?.networks;
  if (!Array.isArray(networks)) return [];
  return (networks as ({ multus?: unknown } | null)[]).flatMap((network, index) =>
    network?.multus ? [`${path}.networks[${index}].multus`] : [],
  );
}

async function isServed(client: Client): Promise<boolean> {
  const { group, version, plural } = networkAttachmentDefinitions;
  try {
    const { resources } = await client.request<{ resources: { name: string }[] }>("GET", `/apis/${group}/${version}`);
    return resources.some(({ name }) => name === plural);
  } catch (error) {
    if (isStatus(error, "NotFound")) return false;
    throw error;
  }
}
