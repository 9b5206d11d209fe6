/** Makes `api/schemas/kubernetes.gen.json`: the definitions of every built-in kind that vmpod serves. */
import * as admissionregistration from "../../api/admissionregistration.ts";
import * as apiextensions from "../../api/apiextensions.ts";
import * as apiregistration from "../../api/apiregistration.ts";
import * as apps from "../../api/apps.ts";
import * as authentication from "../../api/authentication.ts";
import * as authorization from "../../api/authorization.ts";
import * as batch from "../../api/batch.ts";
import * as certificates from "../../api/certificates.ts";
import * as coordination from "../../api/coordination.ts";
import * as core from "../../api/core.ts";
import * as discovery from "../../api/discovery.ts";
import * as events from "../../api/events.ts";
import type { Resource } from "../../api/meta.ts";
import * as networking from "../../api/networking.ts";
import * as policy from "../../api/policy.ts";
import * as rbac from "../../api/rbac.ts";
import * as scheduling from "../../api/scheduling.ts";
import * as storage from "../../api/storage.ts";
import type { Definitions } from "../../src/apimachinery/schema/schema.ts";
import { addFieldDefaults } from "./field-defaults.ts";
import { addFormats } from "./number-formats.ts";
import { definitionName, kubernetesDefinitions, machineryPath, modelPath } from "./kubernetes-definitions.ts";
import { addListSemantics } from "./list-semantics.ts";
import { oneLinePerEntry } from "./output.ts";

const modules = [
  admissionregistration,
  apiextensions,
  apiregistration,
  apps,
  authentication,
  authorization,
  batch,
  certificates,
  coordination,
  core,
  discovery,
  events,
  networking,
  policy,
  rbac,
  scheduling,
  storage,
];
const resources = modules.flatMap((module) => Object.values(module) as Resource[]);

/** Types of requests and answers that belong to no single kind. */
const common = ["DeleteOptions", "Status", "Patch", "ListMeta"].map((type) => machineryPath(`apis/meta/v1/${type}`));

/** Every definition, by upstream's name. */
export async function builtinDefinitions(): Promise<Definitions> {
  const kinds = resources.map((resource) => ({ resource, path: modelPath(moduleOf(resource), resource.kind) }));
  const scale = { group: "autoscaling", version: "v1", kind: "Scale" };
  const scalePath = modelPath("autoscaling/v1", "Scale");
  const definitions = kubernetesDefinitions([...kinds.map(({ path }) => path), scalePath, ...common]);
  await addFormats(definitions);
  addListSemantics(definitions);
  addFieldDefaults(definitions);
  for (const { resource, path } of [...kinds, { resource: scale, path: scalePath }]) {
    const { group, version, kind } = resource;
    const schema = definitions[definitionName(path)];
    if (schema) schema["x-kubernetes-group-version-kind"] = [{ group, version, kind }];
  }
  return definitions;
}

export async function generateKubernetesSchemas(): Promise<Map<string, string>> {
  return new Map([["api/schemas/kubernetes.gen.json", oneLinePerEntry(await builtinDefinitions())]]);
}

function moduleOf({ group, version }: Resource): string {
  return group === "" ? version : `${group}/${version}`;
}
