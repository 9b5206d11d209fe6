/**
 * The cables of a running guest's NICs. QEMU does not tell which are plugged in, so what was done last is remembered, and read from the
 * instance's status by an agent that is new. Pure.
 */
import { nicId } from "../../qemu/domain/ids.ts";
import { guestInterfaces } from "./desired-devices.ts";
import type { Observation } from "./observation.ts";

export type LinkState = "up" | "down";

export interface LinkChange {
  /** The interface. */
  name: string;
  state: LinkState;
}

type Links = Pick<Observation, "vmi" | "machine" | "links">;

export function planLinks(observation: Links): LinkChange[] {
  return guestInterfaces(observation.vmi)
    .filter(({ name }) => observation.machine?.devices.devices.has(nicId(name)))
    .map(({ name, state }): LinkChange => ({ name, state: state === "down" ? "down" : "up" }))
    .filter(({ name, state }) => linkState(observation, name) !== state);
}

/** A NIC of which nothing is known was attached as its interface says. */
export function linkState({ vmi, links }: Links, name: string): LinkState {
  const told = vmi.status?.interfaces?.find((each) => each.name === name)?.linkState;
  const asked = guestInterfaces(vmi).find((each) => each.name === name)?.state;
  return links.get(name) ?? ((told ?? asked) === "down" ? "down" : "up");
}
