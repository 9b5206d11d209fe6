import { type CustomResourceDefinition, customResourceDefinitions } from "../../../api/apiextensions.ts";
import type { KubeObject } from "../../../api/meta.ts";
import type { Client } from "../../client/client.ts";
import { watchUntil } from "../../client/wait-for.ts";
import { ownSelector } from "../render/metadata.ts";
import type { Waiting } from "./waiting.ts";

/** Until the server serves the kinds. @throws Error when it refuses one's name */
export async function untilEstablished(client: Client, wanted: readonly KubeObject[], waiting: Waiting): Promise<void> {
  const { timeoutMs, signal } = waiting;
  const names = wanted.map(({ metadata }) => metadata?.name ?? "");
  await watchUntil(client, customResourceDefinitions, { labelSelector: ownSelector, timeoutMs, signal }, (found) => {
    const refused = found.find((each) => conditionOf(each, "NamesAccepted")?.status === "False");
    if (refused) {
      const why = conditionOf(refused, "NamesAccepted")?.message;
      throw new Error(`the kind ${refused.metadata?.name} cannot be served: ${why}`);
    }
    const served = new Set(found.filter(isEstablished).map(({ metadata }) => metadata?.name));
    return names.every((name) => served.has(name)) || undefined;
  });
}

function isEstablished(definition: CustomResourceDefinition): boolean {
  return conditionOf(definition, "Established")?.status === "True";
}

function conditionOf({ status }: CustomResourceDefinition, type: string) {
  return status?.conditions?.find((condition) => condition.type === type);
}
