/** How much processor and memory a container may have, as text: what a running one was given is compared with what its pod asks now. Pure. */
import type { Container } from "../../../api/core.ts";

export type GivenResources = Pick<NonNullable<Container["resources"]>, "requests" | "limits">;

const resizable = ["cpu", "memory"] as const;

export function resourcesText({ resources }: Container): string {
  return JSON.stringify({ requests: amounts(resources?.requests), limits: amounts(resources?.limits) });
}

/** Undefined for a container of a version that did not note it. */
export function readResources(text: string): GivenResources | undefined {
  return text === "" ? undefined : (JSON.parse(text) as GivenResources);
}

type Amounts = GivenResources["requests"];

function amounts(given: Amounts): Amounts {
  const found = resizable.flatMap((name) => (given?.[name] === undefined ? [] : [[name, given[name]] as const]));
  return found.length > 0 ? Object.fromEntries(found) : undefined;
}
