/** A container's environment: services, then `envFrom`, then `env`, later ones winning; `$(NAME)` sees earlier ones. */
import type { Container, EnvVar, Pod, Service } from "../../../api/core.ts";
import { TerminalError } from "../../base/errors.ts";
import { expand } from "./expand.ts";
import { fieldValue, type PodFacts, resourceValue } from "./field-ref.ts";
import { serviceEnv } from "./service-env.ts";

/** Values of ConfigMaps and Secrets of the pod's namespace; undefined when there is no such object. */
export interface References {
  configMap(name: string): Promise<Record<string, string> | undefined>;
  secret(name: string): Promise<Record<string, string> | undefined>;
}

export interface EnvInput {
  pod: Pod;
  container: Container;
  facts: PodFacts;
  services: Service[];
  references: References;
}

/** @throws TerminalError CreateContainerConfigError */
export async function containerEnv(input: EnvInput): Promise<Map<string, string>> {
  const env = new Map(serviceEnv(input.services, input.pod));
  for (const source of input.container.envFrom ?? []) {
    for (const [key, value] of Object.entries(await allOf(input.references, source))) {
      env.set(`${source.prefix ?? ""}${key}`, value);
    }
  }
  for (const variable of input.container.env ?? []) {
    const value = await valueOf(input, variable, env);
    if (value !== undefined) {
      env.set(variable.name, value);
    }
  }
  return env;
}

type EnvFrom = NonNullable<Container["envFrom"]>[number];

async function allOf(references: References, source: EnvFrom): Promise<Record<string, string>> {
  const { configMapRef, secretRef } = source;
  if (configMapRef !== undefined) {
    return (await references.configMap(configMapRef.name ?? "")) ?? missing("configmap", configMapRef) ?? {};
  }
  return secretRef === undefined
    ? {}
    : ((await references.secret(secretRef.name ?? "")) ?? missing("secret", secretRef) ?? {});
}

interface OptionalReference {
  name?: string;
  optional?: boolean;
  key?: string;
}

function missing(kind: string, reference: OptionalReference): undefined {
  if (reference.optional !== true) {
    throw new TerminalError("CreateContainerConfigError", `${kind} "${reference.name}" not found`);
  }
}

async function valueOf(input: EnvInput, variable: EnvVar, env: Map<string, string>): Promise<string | undefined> {
  const from = variable.valueFrom;
  if (from === undefined) {
    return expand(variable.value ?? "", (name) => env.get(name));
  }
  if (from.fieldRef !== undefined) {
    return fieldValue(input.pod, input.facts, from.fieldRef);
  }
  if (from.resourceFieldRef !== undefined) {
    return resourceValue(input.container, input.facts, from.resourceFieldRef);
  }
  if (from.configMapKeyRef !== undefined) {
    const values = await input.references.configMap(from.configMapKeyRef.name ?? "");
    return keyOf("configmap", from.configMapKeyRef, values);
  }
  if (from.secretKeyRef !== undefined) {
    return keyOf("secret", from.secretKeyRef, await input.references.secret(from.secretKeyRef.name ?? ""));
  }
  return "";
}

function keyOf(
  kind: string,
  reference: OptionalReference,
  values: Record<string, string> | undefined,
): string | undefined {
  const value = (values ?? missing(kind, reference))?.[reference.key ?? ""];
  if (value === undefined && reference.optional !== true) {
    const message = `couldn't find key ${reference.key} in ${kind} ${reference.name}`;
    throw new TerminalError("CreateContainerConfigError", message);
  }
  return value;
}
