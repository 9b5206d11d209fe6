/** Hands out root ports in order, so that the same devices get the same PCI addresses at every start. */
import { TerminalError } from "../../base/errors.ts";

export class PortPool {
  readonly #free: string[] | undefined;
  readonly #claims = new Map<string, string>();

  /** @param free undefined: the machine has plain PCI slots and finds a place itself. */
  constructor(free: readonly string[] | undefined) {
    this.#free = free && [...free];
  }

  /** Sets a port aside for `device`; false when it has one already. */
  claim(device: string): boolean {
    if (this.#claims.has(device)) return false;
    const port = this.#free ? this.#free.shift() : "";
    if (port === undefined) {
      throw new TerminalError(
        "NoFreeSlot",
        `no PCI Express slot is left for ${device}: restart the machine to give it more`,
      );
    }
    this.#claims.set(device, port);
    return true;
  }

  /** Where `device_add` puts it. */
  placeOf(device: string): { bus?: string } {
    this.claim(device);
    const port = this.#claims.get(device);
    return port ? { bus: port } : {};
  }
}
