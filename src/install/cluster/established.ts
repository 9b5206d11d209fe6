import { type CustomResourceDefinition, customResourceDefinitions } from "../../../api/apiextensions.ts";
import type { KubeObject } from "../../../api/meta.ts";
import type { Client } from "../../client/client.ts";
import { ownSelector } from "../render/metadata.ts";
import { untilNothingLacks, type Waiting } from "./waiting.ts";

/** Until the server serves the kinds. @throws Error when it refuses one's name */
export async function untilEstablished(client: Client, wanted: readonly KubeObject[], waiting: Waiting): Promise<void> {
  const names = wanted.map(({ metadata }) => metadata?.name ?? "");
  const which = { labelSelector: ownSelector };
  await untilNothingLacks(client, customResourceDefinitions, which, waiting, (found) => {
    refuseRefused(found);
    const served = new Set(found.filter(isEstablished).map(({ metadata }) => metadata?.name));
    const missing = names.filter((name) => !served.has(name));
    return missing.length === 0 ? undefined : `${missing.length} kinds are not served yet, e.g. ${missing[0]}`;
  });
}

function refuseRefused(found: readonly CustomResourceDefinition[]): void {
  const refused = found.find((each) => conditionOf(each, "NamesAccepted")?.status === "False");
  if (refused === undefined) return;
  const why = conditionOf(refused, "NamesAccepted")?.message;
  throw new Error(`the kind ${refused.metadata?.name} cannot be served: ${why}`);
}

function isEstablished(definition: CustomResourceDefinition): boolean {
  return conditionOf(definition, "Established")?.status === "True";
}

function conditionOf({ status }: CustomResourceDefinition, type: string) {
  return status?.conditions?.find((condition) => condition.type === type);
}
